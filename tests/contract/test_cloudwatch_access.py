"""CloudWatch: what policies let users do."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.contract.cloudwatch_alarms import ALARM, ARN
from tests.contract.cloudwatch_metrics import NAMESPACE, put

RULE = {
    "Schema": {"Name": "CloudWatchLogRule", "Version": 1}, "LogGroupNames": ["api"], "LogFormat": "JSON",
    "Contribution": {"Keys": ["$.ip"]}, "AggregateOn": "Count",
}  # fmt: skip


@pytest.fixture
def user(aws):
    """`user(statement, ...)` is the CloudWatch client of a user with one policy."""

    def make(*statements: dict):
        iam = aws("iam")
        iam.create_user(UserName="operator")
        document = json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}
        )
        iam.put_user_policy(UserName="operator", PolicyName="own", PolicyDocument=document)
        key = iam.create_access_key(UserName="operator")["AccessKey"]
        return aws("cloudwatch", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])

    return make


# What is refused


def test_a_user_puts_into_the_namespaces_that_a_policy_names(user):
    condition = {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}
    cloudwatch = user({"Action": "cloudwatch:PutMetricData", "Resource": "*", "Condition": condition})
    put(cloudwatch, 1)
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_metric_data(Namespace="Other", MetricData=[{"MetricName": "Orders", "Value": 1}])
    assert refused.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    with pytest.raises(ClientError):
        cloudwatch.list_metrics()


def test_a_user_manages_the_alarms_that_a_policy_names(user):
    cloudwatch = user({"Action": ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"], "Resource": ARN})
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.delete_alarms(AlarmNames=["busy"])
    with pytest.raises(ClientError):
        cloudwatch.put_metric_alarm(**{**ALARM, "AlarmName": "other"})
    with pytest.raises(ClientError):
        cloudwatch.delete_alarms(AlarmNames=["busy", "other"])


def test_a_user_has_the_streams_and_rules_that_a_policy_names(user, aws):
    place = "arn:aws:cloudwatch:eu-west-1:000000000000"
    actions = ["cloudwatch:PutInsightRule", "cloudwatch:DisableInsightRules", "cloudwatch:StopMetricStreams"]
    cloudwatch = user({"Action": actions, "Resource": [f"{place}:insight-rule/own", f"{place}:metric-stream/own"]})
    cloudwatch.put_insight_rule(RuleName="own", RuleDefinition=json.dumps(RULE))
    cloudwatch.disable_insight_rules(RuleNames=["own"])
    with pytest.raises(ClientError, match="does not exist"):
        cloudwatch.stop_metric_streams(Names=["own"])
    for ask in (
        lambda: cloudwatch.put_insight_rule(RuleName="other", RuleDefinition=json.dumps(RULE)),
        lambda: cloudwatch.put_insight_rule(
            RuleName="own", RuleDefinition=json.dumps(RULE), Tags=[{"Key": "a", "Value": "b"}]
        ),
        lambda: cloudwatch.stop_metric_streams(Names=["own", "other"]),
    ):
        with pytest.raises(ClientError, match="is not authorized to perform"):
            ask()


# What is done


def test_a_topic_with_its_first_policy_lets_alarms_in_and_no_other_service(aws, cloud):
    topic = aws("sns").create_topic(Name="operators")["TopicArn"]
    cloudwatch = aws("cloudwatch")
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="test")
    cloud.settle()
    [done] = cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert done["HistorySummary"] == f"Successfully executed action {topic}"


# What happens next


def test_a_topic_that_lets_nobody_in_is_not_told(aws, cloud):
    sns, cloudwatch = aws("sns"), aws("cloudwatch")
    topic = sns.create_topic(Name="operators")["TopicArn"]
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[topic])
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish", "Resource": topic}
    ]}  # fmt: skip
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
    cloudwatch.set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="test")
    cloud.settle()
    [done] = cloudwatch.describe_alarm_history(HistoryItemType="Action")["AlarmHistoryItems"]
    assert done["HistorySummary"] == f"Failed to execute action {topic}"
