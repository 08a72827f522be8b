"""Policies that let a service of AWS in, as its user guide prints them: without one it is refused, as on AWS."""

import json


def queue_policy(service: str = "sns") -> str:
    """Of a queue: the service may send."""
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def topic_policy(topic_arn: str, service: str = "s3") -> str:
    """Of a topic: the service may publish."""
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": topic_arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def bucket_policy(bucket: str, service: str) -> str:
    """Of a bucket: the service may write, and leaves what it writes to the owner of the bucket."""
    principal, arn = {"Service": service}, f"arn:aws:s3:::{bucket}"
    allow = {"Effect": "Allow", "Principal": principal}
    owned = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    statements = [
        {**allow, "Action": "s3:GetBucketAcl", "Resource": arn},
        {**allow, "Action": "s3:PutObject", "Resource": f"{arn}/*", "Condition": owned},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
