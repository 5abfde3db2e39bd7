"""Validates requests against AWS's own models of the services, which boto3 brings.

Reads a JSON line for each request from the standard input: service, operation, input of a service that speaks AWS JSON;
service, method, url, headers, hasBody of one whose operations are methods and paths (see rest_requests.py). Writes a JSON
object with the number of valid requests of each operation, and every validation error of the others.
"""

import json
import re
import sys
from collections import Counter
from functools import cache

import botocore.session
from botocore.validate import ParamValidator
from rest_requests import operation_and_params


class StrictValidator(ParamValidator):
    """Also checks what botocore leaves to the service: maxima, allowed values and patterns."""

    VALIDATED_METADATA_ATTRS = ParamValidator.VALIDATED_METADATA_ATTRS | {"max", "enum", "pattern"}

    def __init__(self):
        self.validation_errors = []

    def _validate(self, params, shape, errors, name):
        super()._validate(params, shape, errors, name)
        limits = shape.metadata
        size = len(params) if isinstance(params, (str, list, dict)) else params
        if "max" in limits and size > limits["max"]:
            self.validation_errors.append(f"{name} is {size}, and the maximum is {limits['max']}")
        if "enum" in limits and params not in limits["enum"]:
            self.validation_errors.append(f"{name} is none of {limits['enum']}")
        if "pattern" in limits and not re.fullmatch(limits["pattern"], params):
            self.validation_errors.append(f"{name} does not match {limits['pattern']}")


session = botocore.session.get_session()
service_model = cache(session.get_service_model)


def errors_in_params(operation_model, params):
    validator = StrictValidator()
    report = validator.validate(params, operation_model.input_shape)
    return validator.validation_errors + (report.generate_report().split("\n") if report.has_errors() else [])


def validation_errors_of(service, operation, given):
    model = service_model(service)
    if operation not in model.operation_names:
        return [f"{service} has no operation {operation}"]
    return errors_in_params(model.operation_model(operation), given)


def name_and_errors(request):
    service = request["service"]
    if "operation" in request:
        return request["operation"], validation_errors_of(service, request["operation"], request["input"])
    model = service_model(service)
    operation, params, errors = operation_and_params(model, request)
    if operation is None:
        return f"{request['method']} {request['url']}", errors
    return operation.name, errors + errors_in_params(operation, params)


valid = Counter()
validation_errors = []
for line in sys.stdin:
    request = json.loads(line)
    operation, found = name_and_errors(request)
    name = f"{request['service']} {operation}"
    valid[name] += not found
    validation_errors += [f"{name}: {one}" for one in found]
json.dump({"valid": valid, "validationErrors": validation_errors}, sys.stdout)
