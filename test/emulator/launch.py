"""Starts the emulator with its gaps closed. Each patch asserts the text that it replaces: another version of the
emulator, in which that text is different, does not start.

EMULATOR_LOG     a file that gets a JSON line for each decision of the emulator's IAM and for each failed invocation
EMULATOR_ORIGINS a JSON object: the origins in the functions' variables that lead somewhere else from here
"""

import inspect
import json
import os
import threading

import ministack.core.iam_evaluator as iam
import ministack.core.lambda_runtime as lambda_runtime
import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.lambda_svc as lambda_service
import ministack.services.stepfunctions as step_functions
from ministack import app


def replaced(text, old, new, where):
    if text.count(old) != 1:
        raise RuntimeError(f"{where} has {text.count(old)} times, and not once: {old}")
    return text.replace(old, new)


def patch(module, name, *replacements):
    """Replaces parts of a function's source, each given as old and new, and returns the function."""
    source = inspect.getsource(getattr(module, name))
    for old, new in replacements:
        source = replaced(source, old, new, name)
    exec(source, vars(module))
    return getattr(module, name)


def patch_node_worker(old, new):
    script = lambda_runtime._NODEJS_WORKER_SCRIPT
    lambda_runtime._NODEJS_WORKER_SCRIPT = replaced(script, old, new, "the Node worker")


# CloudFormation: an alarm on metric math is refused.
patch(
    provisioners,
    "_cw_metric_alarm_record",
    (
        """        raise ValueError(
            "AWS::CloudWatch::Alarm Properties.Metrics (metric math) is not supported; "
            "use MetricName and Namespace."
        )
""",
        """        shown = next(one for one in props["Metrics"] if one.get("ReturnData", True))
        props = {**props, "MetricName": shown["Id"], "Namespace": "metric math"}
""",
    ),
)

# CloudFormation: a secret without a name has the stack's name in it, and `Ref` is that name; AWS says
# `<logical id>-<12 characters>`, and `Ref` is the ARN.
provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]["create"] = patch(
    provisioners,
    "_sm_secret_create",
    ("_physical_name(stack_name, logical_id)", "logical_id + '-' + new_uuid().replace('-', '')[:12]"),
    ('return name, {"Id": arn, "Arn": arn}', 'return arn, {"Id": arn, "Arn": arn}'),
)
# So a secret is deleted by that ARN.
provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]["delete"] = patch(
    provisioners,
    "_sm_secret_delete",
    (
        "    secret = _sm._secrets.get(physical_id)\n",
        """    [physical_id] = [name for name, one in _sm._secrets.items() if one["ARN"] == physical_id]
    secret = _sm._secrets.get(physical_id)
""",
    ),
)

# CloudFormation: a bucket gets no tags, and CDK empties at the end only one that has its tag.
provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["create"] = patch(
    provisioners,
    "_s3_create",
    (
        "    return name, _s3_attrs(name)\n",
        """    _s3._bucket_tags[name] = {one["Key"]: one["Value"] for one in props.get("Tags", [])}
    return name, _s3_attrs(name)
""",
    ),
)

# Lambda: a handler in a file `index.cjs` is not found.
patch_node_worker(
    'const mjsPath = fullPath + ".mjs";',
    'const cjsPath = fullPath + ".cjs"; const mjsPath = fs.existsSync(cjsPath) ? cjsPath : fullPath + ".mjs";',
)

# Lambda: an error of a Node function loses its name, which state machines match on.
patch_node_worker(
    'status: "error", error: String(err.message || err), trace: err.stack || ""',
    'status: "error", errorType: err.name, error: String(err.message || err), trace: err.stack || ""',
)
patch_node_worker(
    'status: "error", error: e.message, trace: e.stack',
    'status: "error", errorType: e.name, error: e.message, trace: e.stack',
)
patch(
    lambda_service,
    "_execute_function_warm",
    (
        'error_type = "Runtime.HandlerError"',
        'error_type = result.get("errorType") or "Runtime.HandlerError"',
    ),
)

# Step Functions: `TimeoutSecondsPath` and `HeartbeatSecondsPath` are ignored. The emulator waits for a token only after
# the function has returned, and nothing but the function sends heartbeats, so from then on one is like the other.
def with_timeout(state, given, context):
    path = state.get("TimeoutSecondsPath") or state.get("HeartbeatSecondsPath")
    if path is None:
        return state
    seconds = step_functions._resolve_path_or_ctx(path, given, context)
    if not isinstance(seconds, int) or seconds <= 0:
        raise step_functions._ExecutionError("States.Runtime", f"{path} is {seconds!r}")
    return {**state, "TimeoutSeconds": seconds}


step_functions.with_timeout = with_timeout
patch(
    step_functions,
    "_execute_task",
    (
        '    resource = state_def.get("Resource", "")\n',
        '    state_def = with_timeout(state_def, raw_input, ctx)\n    resource = state_def.get("Resource", "")\n',
    ),
)

# Step Functions: a function that throws in a state with a task token does not fail the state.
patch(
    step_functions,
    "_invoke_with_callback",
    (
        "        except _ExecutionError:\n            pass\n",
        "        except _ExecutionError:\n            _task_tokens.pop(token, None)\n            raise\n",
    ),
)

# IAM: there is no TLS here, and the buckets' policies deny requests without it.
app.pin_request_origin = patch(
    iam, "pin_request_origin", ("(source_ip, secure_transport))", "(source_ip, True))")
)

log = open(os.environ["EMULATOR_LOG"], "a", buffering=1, encoding="utf-8")
# Every environment of a function is a process of its own here, on a machine that may be busy with other tests.
patience = 4
origins = json.loads(os.environ["EMULATOR_ORIGINS"])
enforce = iam.enforce
resolve_principal = iam.resolve_principal
latest = threading.local()
create_worker = lambda_runtime.Worker.__init__
invoke = lambda_runtime.Worker.invoke


def noted_principal(*arguments, **options):
    latest.principal = resolve_principal(*arguments, **options)
    return latest.principal


def logged_enforce(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
    latest.principal = None
    denial = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
    is_role = isinstance(latest.principal, iam.PrincipalInfo) and latest.principal.type == "AssumedRole"
    record = {
        "kind": "decision",
        "role": iam._role_name_from_assumed_arn(latest.principal.arn) if is_role else None,
        "action": iam_action,
        "resource": resource_arn,
        "denial": None if denial is None else str(denial),
    }
    log.write(json.dumps(record) + "\n")
    return denial


def create_worker_here(self, func_name, config, code_zip):
    variables = json.dumps(config.get("Environment", {}).get("Variables", {}))
    for origin, here in origins.items():
        variables = variables.replace(origin, here)
    changed = {
        "Environment": {"Variables": json.loads(variables)},
        "Timeout": config["Timeout"] * patience,
    }
    create_worker(self, func_name, {**config, **changed}, code_zip)


def logged_invoke(self, *arguments, **options):
    result = invoke(self, *arguments, **options)
    if result["status"] == "error":
        name = result.get("errorType") or result["error"]
        log.write(json.dumps({"kind": "failure", "function": self.func_name, "error": name}) + "\n")
    return result


iam.resolve_principal = noted_principal
iam.enforce = logged_enforce
lambda_runtime.Worker.__init__ = create_worker_here
lambda_runtime.Worker.invoke = logged_invoke

if __name__ == "__main__":
    app.main()
