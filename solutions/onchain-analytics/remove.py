"""Removes what deploy.py made, and minds nothing that is not there: `python remove.py --prefix onchain`."""

import argparse
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError
from deploy import Deployment
from names import FUNCTIONS
from patience import until, waiting

ABSENT = {
    "404", "NoSuchBucket", "NoSuchEntity", "NotFoundException", "ObjectNotFoundException", "ResourceNotFoundException",
    "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist",
}  # fmt: skip


def remove(deployment: Deployment):
    """Everything, the other way round."""
    names = deployment.names
    _api(deployment)
    _delivery(deployment)
    _functions(deployment)
    _table(deployment)
    sqs = deployment.client("sqs")
    for name in (names.queue, names.dead_letters):
        gone(lambda name=name: sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"]))
    kinesis = deployment.client("kinesis")
    gone(lambda: kinesis.delete_stream(StreamName=names.stream, EnforceConsumerDeletion=True))
    for bucket in names.buckets:
        gone(lambda bucket=bucket: _bucket(deployment.client("s3"), bucket))
    _roles(deployment)
    logs = deployment.client("logs")
    for group in names.log_groups:
        gone(lambda group=group: logs.delete_log_group(logGroupName=group))


def gone(action: Callable[[], Any]) -> bool:
    """Remove something. Whether it was there."""
    try:
        action()
    except ClientError as failure:
        if failure.response["Error"]["Code"] not in ABSENT:
            raise
        return False
    return True


def _api(deployment: Deployment):
    client, names = deployment.client("apigateway"), deployment.names
    for page in client.get_paginator("get_rest_apis").paginate():
        for api in page["items"]:
            if api["name"] == names.api:
                client.delete_rest_api(restApiId=api["id"])
    if client.get_account().get("cloudwatchRoleArn") == names.arn("iam", f"role/{names.role('api')}"):
        client.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}])


def _delivery(deployment: Deployment):
    firehose, name = deployment.client("firehose"), deployment.names.delivery
    if gone(lambda: firehose.delete_delivery_stream(DeliveryStreamName=name)):
        until(lambda: not gone(lambda: firehose.describe_delivery_stream(DeliveryStreamName=name)), f"{name} is gone")


def _functions(deployment: Deployment):
    client, names = deployment.client("lambda"), deployment.names
    asked = {"FunctionName": names.function("load")}
    mappings: list[str] = []
    gone(lambda: mappings.extend(
        mapping["UUID"] for mapping in client.list_event_source_mappings(**asked)["EventSourceMappings"]
    ))  # fmt: skip
    for mapping in mappings:
        gone(lambda mapping=mapping: client.delete_event_source_mapping(UUID=mapping))
    for name in FUNCTIONS:
        gone(lambda name=name: client.delete_function(FunctionName=names.function(name)))


def _table(deployment: Deployment):
    scaling, names = deployment.client("application-autoscaling"), deployment.names
    for dimension, resource in names.dimensions.items():
        what = {"ServiceNamespace": "dynamodb", "ResourceId": resource, "ScalableDimension": dimension}
        gone(lambda what=what: scaling.deregister_scalable_target(**what))
    dynamodb = deployment.client("dynamodb")
    if gone(lambda: dynamodb.delete_table(TableName=names.table)):
        dynamodb.get_waiter("table_not_exists").wait(TableName=names.table, WaiterConfig=waiting())


def _bucket(s3, bucket: str):
    """With all that is in it."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        found = [{"Key": each["Key"]} for each in page.get("Contents", [])]
        if found:
            failed = s3.delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True}).get("Errors")
            if failed:
                raise RuntimeError(f"{bucket}/{failed[0]['Key']} is not deleted: {failed[0]['Message']}")
    s3.delete_bucket(Bucket=bucket)


def _roles(deployment: Deployment):
    iam, names = deployment.client("iam"), deployment.names
    for name in names.roles:
        with suppress(iam.exceptions.NoSuchEntityException):
            iam.delete_role_policy(RoleName=names.role(name), PolicyName=name)
        gone(lambda name=name: iam.delete_role(RoleName=names.role(name)))


def main():
    it = argparse.ArgumentParser("remove.py", description="Remove the analytics of a chain, and all its data.")
    it.add_argument("--prefix", default="onchain", help="what all names begin with (default: %(default)s)")
    remove(Deployment(it.parse_args().prefix))


if __name__ == "__main__":
    main()
