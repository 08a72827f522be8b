"""An alarm that tests vary, what it is in, and a queue that hears of its topic."""

import json

from tests.contract.cloudwatch_metrics import NAMESPACE

ALARM = {
    "AlarmName": "busy", "Namespace": NAMESPACE, "MetricName": "Orders", "Statistic": "Sum", "Period": 60,
    "EvaluationPeriods": 1, "Threshold": 10, "ComparisonOperator": "GreaterThanThreshold",
}  # fmt: skip
ARN = "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:busy"
ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}


class Letters:
    def __init__(self, aws):
        self.sqs = aws("sqs")
        self.topic = aws("sns").create_topic(Name="operators")["TopicArn"]
        policy = json.dumps({"Version": "2012-10-17", "Statement": [ANYBODY]})
        self.queue = self.sqs.create_queue(QueueName="operators", Attributes={"Policy": policy})["QueueUrl"]
        arn = "arn:aws:sqs:eu-west-1:000000000000:operators"
        aws("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)

    def take(self) -> list[dict]:
        found = []
        while batch := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", []):
            found += [json.loads(message["Body"]) for message in batch]
        return found


def alarm(cloudwatch, name: str = "busy") -> dict:
    found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return (found["MetricAlarms"] + found["CompositeAlarms"])[0]


def state(cloudwatch, name: str = "busy") -> str:
    return alarm(cloudwatch, name)["StateValue"]
