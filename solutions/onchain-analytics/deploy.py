"""Deploys the analytics of a chain by AWS's public APIs: `python deploy.py --prefix onchain`.

It runs with whatever credentials and endpoint the environment names, and prints as JSON where everything is. What it
may do is in policies/deployer.json; `administer.py` makes a user who may do just that.
"""

import argparse
import json
from typing import Any

import boto3
import compute
import rest_api
import website
from names import DATA, FAILED, INDEX, Names
from patience import patiently, until, waiting

RETENTION_DAYS = 14
CAPACITY, MOST_CAPACITY, UTILIZATION = 25, 1000, 70.0
TIMES_TRIED = 3
BUFFER_MIB, BUFFER_S = 1, 60


class Deployment:
    """What is made, in the order in which one thing needs another."""

    def __init__(self, prefix: str, domain: str = "amazonaws.com", capacity: int = CAPACITY):
        """With the credentials and the endpoint that the environment names."""
        self.session = boto3.Session()
        account = self.client("sts").get_caller_identity()["Account"]
        self.names = Names(prefix, account, self.session.region_name)
        self.domain, self.scheme = domain, "https" if domain == "amazonaws.com" else "http"
        self.capacity = capacity
        self.tags = {"Project": prefix}

    def client(self, service: str) -> Any:
        return self.session.client(service)

    @property
    def tag_list(self) -> list[dict[str, str]]:
        return [{"Key": key, "Value": value} for key, value in self.tags.items()]

    def make(self, runtime: str, layer: str | None, built: str | None) -> dict[str, str]:
        """Everything. Returns where it is."""
        self._logs()
        self._roles()
        self._buckets()
        self._stream()
        self._queue()
        self._table()
        compute.make(self, runtime, layer)
        self._delivery()
        self._notifications()
        api = rest_api.make(self)
        made = {"stream": self.names.stream, "table": self.names.table, "api": api}
        if built:
            made["page"] = website.publish(self, built, api)
        return made

    def _logs(self):
        logs = self.client("logs")
        for name in self.names.log_groups:
            logs.create_log_group(logGroupName=name, tags=self.tags)
            logs.put_retention_policy(logGroupName=name, retentionInDays=RETENTION_DAYS)
        logs.create_log_stream(logGroupName=self.names.delivery_log, logStreamName="S3Delivery")

    def _roles(self):
        """One for each function, for the delivery, for the API's log and for the producer."""
        iam = self.client("iam")
        trusted = {"delivery": "firehose.amazonaws.com", "api": "apigateway.amazonaws.com"}
        for name, document in self.names.roles.items():
            principal = {"Service": trusted.get(name, "lambda.amazonaws.com")}
            if name == "producer":
                principal = {"AWS": self.names.arn("iam", "root")}
            iam.create_role(
                RoleName=self.names.role(name), AssumeRolePolicyDocument=trust(principal), Tags=self.tag_list,
                PermissionsBoundary=self.names.boundary,
            )  # fmt: skip
            policy = self.names.policy(document, name)
            iam.put_role_policy(RoleName=self.names.role(name), PolicyName=name, PolicyDocument=policy)

    def _buckets(self):
        s3, region = self.client("s3"), self.names.region
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        for name in self.names.buckets:
            s3.create_bucket(Bucket=name, **place)
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": self.tag_list})
        for name in (self.names.data_bucket, self.names.failed_bucket):
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocked(True))

    def _stream(self):
        kinesis, name = self.client("kinesis"), self.names.stream
        kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"}, Tags=self.tags)
        kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig=waiting())

    def _queue(self):
        """The queue of new objects: S3 may send to it. What cannot be loaded goes to a second one in the end."""
        sqs, names = self.client("sqs"), self.names
        sqs.create_queue(QueueName=names.dead_letters, tags=self.tags)
        redrive = {"deadLetterTargetArn": names.arn("sqs", names.dead_letters), "maxReceiveCount": TIMES_TRIED}
        attributes = {
            "VisibilityTimeout": str(6 * compute.LONGEST_LOAD_S),  # as the guide of Lambda advises
            "RedrivePolicy": json.dumps(redrive),
            "Policy": names.policy("queue"),
        }
        sqs.create_queue(QueueName=names.queue, Attributes=attributes, tags=self.tags)

    def _table(self):
        """One item for each transfer. The index has what the metrics read of it, and none of its payload."""
        dynamodb, name = self.client("dynamodb"), self.names.table
        keys = [{"AttributeName": "address", "KeyType": "HASH"}, {"AttributeName": "timestamp", "KeyType": "RANGE"}]
        capacity = {"ReadCapacityUnits": self.capacity, "WriteCapacityUnits": self.capacity}
        counted = ["transfer_from", "transfer_to", "transfer_value", "transaction_value"]
        projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": counted}
        dynamodb.create_table(
            TableName=name, KeySchema=keys, BillingMode="PROVISIONED", ProvisionedThroughput=capacity,
            AttributeDefinitions=[{"AttributeName": key["AttributeName"], "AttributeType": "S"} for key in keys],
            GlobalSecondaryIndexes=[{
                "IndexName": INDEX, "KeySchema": keys, "Projection": projection, "ProvisionedThroughput": capacity,
            }],
            Tags=self.tag_list,
        )  # fmt: skip
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=waiting())
        for dimension, resource in self.names.dimensions.items():
            self._scale(dimension, resource)

    def _scale(self, dimension: str, resource: str):
        """Capacity follows its use."""
        scaling = self.client("application-autoscaling")
        what = {"ServiceNamespace": "dynamodb", "ResourceId": resource, "ScalableDimension": dimension}
        most = max(self.capacity, MOST_CAPACITY)
        scaling.register_scalable_target(**what, MinCapacity=self.capacity, MaxCapacity=most)
        kind = "DynamoDBReadCapacityUtilization" if "Read" in dimension else "DynamoDBWriteCapacityUtilization"
        tracking = {"TargetValue": UTILIZATION, "PredefinedMetricSpecification": {"PredefinedMetricType": kind}}
        scaling.put_scaling_policy(
            **what, PolicyName=f"{self.names.prefix}-{dimension.replace(':', '-')}", PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=tracking,
        )  # fmt: skip

    def _delivery(self):
        """From the stream through the transformation to S3."""
        firehose, names = self.client("firehose"), self.names
        role, buffering = names.arn("iam", f"role/{names.role('delivery')}"), {"BufferSizeInMBs": "1"}
        transform = {
            "LambdaArn": names.arn("lambda", f"function:{names.function('transform')}:$LATEST"),
            "BufferIntervalInSeconds": "1", "NumberOfRetries": "3", **buffering,
        }  # fmt: skip
        processor = [{"ParameterName": name, "ParameterValue": value} for name, value in transform.items()]
        hour = "!{timestamp:yyyy/MM/dd/HH}/"
        destination = {
            "RoleARN": role,
            "BucketARN": f"arn:aws:s3:::{names.data_bucket}",
            "Prefix": DATA + hour,
            "ErrorOutputPrefix": FAILED + "!{firehose:error-output-type}/" + hour,
            "BufferingHints": {"SizeInMBs": BUFFER_MIB, "IntervalInSeconds": BUFFER_S},
            "ProcessingConfiguration": {
                "Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": processor}],
            },
            "CloudWatchLoggingOptions": {
                "Enabled": True, "LogGroupName": names.delivery_log, "LogStreamName": "S3Delivery",
            },
        }  # fmt: skip
        source = {"KinesisStreamARN": names.arn("kinesis", f"stream/{names.stream}"), "RoleARN": role}
        patiently(lambda: firehose.create_delivery_stream(
            DeliveryStreamName=names.delivery, DeliveryStreamType="KinesisStreamAsSource",
            KinesisStreamSourceConfiguration=source, ExtendedS3DestinationConfiguration=destination,
            Tags=self.tag_list,
        ), "InvalidArgumentException")  # fmt: skip
        until(lambda: self._delivers(firehose), "the delivery stream is active")

    def _delivers(self, firehose) -> bool:
        told = firehose.describe_delivery_stream(DeliveryStreamName=self.names.delivery)
        return told["DeliveryStreamDescription"]["DeliveryStreamStatus"] == "ACTIVE"

    def _notifications(self):
        """S3 tells the queue of new data, and a function of records that failed."""
        names = self.names
        targets = {
            "QueueConfigurations": [_told(DATA, "QueueArn", names.arn("sqs", names.queue))],
            "LambdaFunctionConfigurations": [
                _told(FAILED, "LambdaFunctionArn", names.arn("lambda", f"function:{names.function('set-aside')}"))
            ],
        }
        patiently(lambda: self.client("s3").put_bucket_notification_configuration(
            Bucket=names.data_bucket, NotificationConfiguration=targets), "InvalidArgument")  # fmt: skip


def trust(principal: dict[str, str]) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def blocked(public: bool) -> dict[str, bool]:
    """A bucket's settings of public access."""
    return dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), public)


def _told(prefix: str, kind: str, arn: str) -> dict[str, Any]:
    rules = [{"Name": "prefix", "Value": prefix}]
    return {kind: arn, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": rules}}}


def main():
    it = argparse.ArgumentParser("deploy.py", description="Deploy the analytics of a chain.")
    it.add_argument("--prefix", default="onchain", help="what all names begin with (default: %(default)s)")
    it.add_argument("--runtime", default="python3.9", help="of the functions (default: %(default)s)")
    it.add_argument("--layer", help="the ARN of AWS SDK for pandas (default: AWS's own layer for the runtime)")
    it.add_argument("--page", metavar="DIR", help="the page, as vite built it, to be published as a website")
    it.add_argument(
        "--domain", default="amazonaws.com",
        help="what the host names of APIs and websites end with; with a local cloud, localhost:4566",
    )  # fmt: skip
    it.add_argument(
        "--capacity", type=int, default=CAPACITY,
        help="units a second that the table can read and write at least (default: %(default)s): capacity follows its"
        " use, but not at once, so that loading a long history wants more",
    )  # fmt: skip
    told = it.parse_args()
    deployment = Deployment(told.prefix, told.domain, told.capacity)
    print(json.dumps(deployment.make(told.runtime, told.layer, told.page), indent=2))


if __name__ == "__main__":
    main()
