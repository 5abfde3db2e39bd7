"""Reads HTTP requests by the model of a service whose operations are methods and paths (rest-xml, rest-json).

An operation is told by its method, its path and its query. Every part of the request must be a member of it, or belong to
HTTP, to the signature or to the SDK; a part that nobody knows is an error.
"""

import re
from email.utils import parsedate_to_datetime
from functools import cache
from urllib.parse import parse_qsl, unquote, urlsplit

# Of HTTP, of the signature, and of the SDK: no operation has them as members.
COMMON_HEADERS = {
    "accept", "accept-encoding", "accept-language", "amz-sdk-invocation-id", "amz-sdk-request", "authorization",
    "connection", "content-length", "content-type", "expect", "host", "origin", "sec-fetch-mode", "transfer-encoding",
    "user-agent", "x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length", "x-amz-security-token",
    "x-amz-trailer", "x-amz-user-agent",
}  # fmt: skip
PRESIGNED_QUERY = {
    "X-Amz-Algorithm", "X-Amz-Content-Sha256", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Security-Token",
    "X-Amz-Signature", "X-Amz-SignedHeaders",
}  # fmt: skip
# The SDK for JavaScript names the operation of S3 in the query. S3 ignores it.
OPERATION_NAME = "x-id"


class Template:
    """The path and the query of an operation: `/{Bucket}/{Key+}?uploads`."""

    def __init__(self, request_uri):
        path, _, query = request_uri.partition("?")
        parts = re.split(r"\{(\w+)(\+?)\}", path)
        pattern = re.escape(parts[0])
        for label, greedy, literal in zip(parts[1::3], parts[2::3], parts[3::3]):
            pattern += f"(?P<{label}>{'.+' if greedy else '[^/]+'}){re.escape(literal)}"
        self.path = re.compile(f"{pattern}/?")
        self.query = dict(parse_qsl(query, keep_blank_values=True))

    def match(self, path, query):
        """The labels of the path, or None for the path or the query of another operation."""
        found = self.path.fullmatch(path)
        if not found or any(query.get(name) != value for name, value in self.query.items()):
            return None
        return {label: unquote(text) for label, text in found.groupdict().items()}


@cache
def templates_of(model):
    operations = [model.operation_model(name) for name in model.operation_names]
    return [(one, Template(one.http["requestUri"])) for one in operations]


def operation_and_params(model, request):
    """The operation of a request, its members, and what is wrong with the request apart from their values."""
    url = urlsplit(request["url"])
    pairs = parse_qsl(url.query, keep_blank_values=True)
    query = {name: value for name, value in pairs if name not in PRESIGNED_QUERY}
    repeated = [f"the query has {name} twice" for name in {n for n, _ in pairs} if [n for n, _ in pairs].count(name) > 1]
    named = query.pop(OPERATION_NAME, None)
    candidates = []
    for operation, template in templates_of(model):
        labels = template.match(url.path, query) if operation.http["method"] == request["method"] else None
        if labels is not None and named in (None, operation.name):
            rest = {name: value for name, value in query.items() if name not in template.query}
            params, errors = read_members(operation, request, labels, rest)
            missing = [one for one in required_of(operation) if one not in params]
            # Several operations can have one path. The request means the one that explains most of it.
            candidates.append((len(errors) + len(missing), -len(template.query), operation, params, errors))
    if not candidates:
        return None, {}, repeated + [f"no operation has this method, path and query{f' and the name {named}' if named else ''}"]
    _, _, operation, params, errors = min(candidates, key=lambda one: one[:2])
    return operation, params, repeated + errors


def required_of(operation):
    return operation.input_shape.required_members if operation.input_shape else []


def read_members(operation, request, labels, query):
    """The members in path, query, headers and body, each as its shape has it, and errors for all that is no member."""
    params, errors = {}, []
    headers = dict(request["headers"])
    shape = operation.input_shape
    for member, member_shape in (shape.members.items() if shape else []):
        location = member_shape.serialization.get("location")
        name = member_shape.serialization.get("name", member)
        if location == "uri":
            text = labels.get(name)
        elif location == "querystring":
            text = query.pop(name, None)
        elif location == "header":
            text = headers.pop(name.lower(), None) if name.lower() not in COMMON_HEADERS else headers.get(name.lower())
        elif location == "headers":
            prefixed = [one for one in headers if one.startswith(name.lower())]
            text = {one[len(name) :]: headers.pop(one) for one in prefixed} or None
        else:
            text = body_member(shape, member, member_shape, request)
        if text is not None:
            value, error = typed(text, member_shape)
            params[member] = value
            errors += [f"{member} is {error}"] if error else []
    errors += [f"the query parameter {name} belongs to no member" for name in query]
    errors += [f"the header {name} belongs to no member" for name in headers if name not in COMMON_HEADERS]
    if request["hasBody"] and not (shape and shape.serialization.get("payload")):
        errors.append("the operation has no body")
    return params, errors


def body_member(shape, member, member_shape, request):
    """The body, if it is one member as a whole. A body with fields of its own would not be checked here."""
    if shape.serialization.get("payload") != member or not request["hasBody"]:
        return None
    if member_shape.type_name not in ("blob", "string"):
        raise NotImplementedError(f"{member} is a body with fields, which are not read here")
    return b""


def typed(text, shape):
    """The value of a text by its shape, and what is wrong with it."""
    try:
        if shape.type_name in ("integer", "long"):
            return int(text), None
        if shape.type_name == "boolean":
            return {"true": True, "false": False}[text], None
        if shape.type_name == "timestamp":
            return parsedate_to_datetime(text), None
        return text, None
    except (ValueError, KeyError):
        return text, f"no {shape.type_name}: {text}"
