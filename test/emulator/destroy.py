"""Deletes a stack, as `cdk destroy` would, and writes a JSON object with what was in the account before and what is left."""

import json
import sys

import boto3
from botocore.exceptions import WaiterError


def in_account():
    found = {
        "tables": boto3.client("dynamodb").list_tables()["TableNames"],
        # What `cdk bootstrap` made stays, for the next deployment.
        "buckets": [
            one["Name"]
            for one in boto3.client("s3").list_buckets()["Buckets"]
            if not one["Name"].startswith("cdk-")
        ],
        "functions": [one["FunctionName"] for one in boto3.client("lambda").list_functions()["Functions"]],
        "secrets": [one["Name"] for one in boto3.client("secretsmanager").list_secrets()["SecretList"]],
        "machines": [one["name"] for one in boto3.client("stepfunctions").list_state_machines()["stateMachines"]],
        "roles": [one["RoleName"] for one in boto3.client("iam").list_roles()["Roles"]],
        "apis": [one["Name"] for one in boto3.client("apigatewayv2").get_apis()["Items"]],
        "rules": [one["Name"] for one in boto3.client("events").list_rules()["Rules"]],
        "alarms": [one["AlarmName"] for one in boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]],
        "topics": [one["TopicArn"] for one in boto3.client("sns").list_topics()["Topics"]],
        "logs": [one["logGroupName"] for one in boto3.client("logs").describe_log_groups()["logGroups"]],
    }
    return [f"{kind}: {name}" for kind, names in found.items() for name in names]


[stack] = sys.argv[1:]
cloudformation = boto3.client("cloudformation")
before = in_account()
cloudformation.delete_stack(StackName=stack)
try:
    waiter = cloudformation.get_waiter("stack_delete_complete")
    waiter.wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 240})
except WaiterError:
    for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]:
        if "FAILED" in event["ResourceStatus"]:
            print(event["LogicalResourceId"], event["ResourceStatusReason"], file=sys.stderr)
    raise

json.dump({"before": before, "left": in_account()}, sys.stdout)
