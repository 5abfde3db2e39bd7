"""Deploys what `cdk synth` wrote into a directory, as `cdk deploy` would: uploads the assets, creates the stack or
updates it. Further arguments are parameters of the stack, like `RetentionDays=40`.

Writes a JSON object with the resources of the stack and its outputs.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import boto3
from botocore.exceptions import ClientError, WaiterError

directory = Path(sys.argv[1])
[manifest] = directory.glob("*.assets.json")
stack = manifest.name.removesuffix(".assets.json")
template = f"{stack}.template.json"
account = boto3.client("sts").get_caller_identity()["Account"]
region = boto3.session.Session().region_name
s3 = boto3.client("s3")
buckets = set()
cloudformation = boto3.client("cloudformation")

# What `cdk bootstrap` leaves behind, as far as the template asks for it.
[version] = [
    parameter["Default"]
    for parameter in json.loads((directory / template).read_text())["Parameters"].values()
    if parameter["Type"] == "AWS::SSM::Parameter::Value<String>"
]
boto3.client("ssm").put_parameter(Name=version, Value="30", Type="String", Overwrite=True)


def content(source):
    path = directory / source["path"]
    if source["packaging"] == "file":
        return path.read_bytes()
    with tempfile.TemporaryDirectory() as temporary:
        return Path(shutil.make_archive(f"{temporary}/asset", "zip", path)).read_bytes()


for asset in json.loads(manifest.read_text())["files"].values():
    [destination] = asset["destinations"].values()
    bucket = destination["bucketName"].replace("${AWS::AccountId}", account).replace("${AWS::Region}", region)
    if bucket not in buckets:
        s3.create_bucket(Bucket=bucket)
        buckets.add(bucket)
    s3.put_object(Bucket=bucket, Key=destination["objectKey"], Body=content(asset["source"]))
    if asset["source"]["path"] == template:
        url = f"{s3.meta.endpoint_url}/{bucket}/{destination['objectKey']}"

def exists():
    try:
        return bool(cloudformation.describe_stacks(StackName=stack)["Stacks"])
    except ClientError:
        return False


write, done = (
    (cloudformation.update_stack, "stack_update_complete")
    if exists()
    else (cloudformation.create_stack, "stack_create_complete")
)
given = [argument.split("=", 1) for argument in sys.argv[2:]]
write(
    StackName=stack,
    TemplateURL=url,
    Capabilities=["CAPABILITY_NAMED_IAM"],
    Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given],
)
try:
    waiter = cloudformation.get_waiter(done)
    waiter.wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
except WaiterError:
    for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]:
        if "FAILED" in event["ResourceStatus"]:
            print(event["LogicalResourceId"], event["ResourceStatusReason"], file=sys.stderr)
    raise

[described] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
json.dump(
    {
        "resources": [
            {
                "id": one["LogicalResourceId"],
                "status": one["ResourceStatus"],
                "physicalId": one["PhysicalResourceId"],
            }
            for one in resources
        ],
        "outputs": {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]},
    },
    sys.stdout,
)
