"""A table whose throughput is scaled, and the use that is made of it."""

from datetime import UTC, datetime

from tests.contract.dynamodb_tables import index, make_table

READ, WRITE = "dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits"
SONGS = {"ServiceNamespace": "dynamodb", "ResourceId": "table/songs", "ScalableDimension": WRITE}
BY_ALBUM = {
    "ServiceNamespace": "dynamodb", "ResourceId": "table/songs/index/by-album",
    "ScalableDimension": "dynamodb:index:WriteCapacityUnits",
}  # fmt: skip
UTILIZATION = {"PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}}
ONE = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}


class Songs:
    """The table `songs`, with one index; it begins with a throughput of one."""

    def __init__(self, cloud, aws):
        self.cloud, self.dynamodb = cloud, aws("dynamodb")
        cloud.clock.freeze()
        cloud.clock.set(datetime(2030, 1, 1, tzinfo=UTC).timestamp())
        self.scaling, self.cloudwatch = aws("application-autoscaling"), aws("cloudwatch")
        by_album = {**index("by-album", "album"), "ProvisionedThroughput": ONE}
        make_table(
            self.dynamodb, "songs", attributes={"album": "S"}.items(), BillingMode="PROVISIONED",
            ProvisionedThroughput=ONE, GlobalSecondaryIndexes=[by_album],
        )  # fmt: skip

    def register(self, least: int = 5, most: int = 100, target: dict = SONGS, **settings) -> str:
        call = self.scaling.register_scalable_target
        arn = call(**target, MinCapacity=least, MaxCapacity=most, **settings)["ScalableTargetARN"]
        self.cloud.settle()
        return arn

    def track(
        self, percent: float = 50.0, name: str = "half", target: dict = SONGS, metric: dict = UTILIZATION, **settings
    ):
        """Keep a metric, which is the use of what is provisioned, at a target."""
        config = {"TargetValue": percent, **metric, **settings}
        return self.scaling.put_scaling_policy(
            **target, PolicyName=name, PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=config,
        )  # fmt: skip

    def use(self, units: float, minutes: int = 1, **dimensions: str):
        """Let so many units be written in each second of the next minutes."""
        self.measure("AWS/DynamoDB", "ConsumedWriteCapacityUnits", units * 60, minutes, TableName="songs", **dimensions)

    def measure(self, namespace: str, name: str, value: float, minutes: int, **dimensions: str):
        put = self.cloud.cloud.metrics.add
        for _ in range(minutes):
            now = self.cloud.clock.now()
            self.cloud.run(
                lambda: put("000000000000", "eu-west-1", namespace, name, "Count", dimensions, now, value)  # noqa: B023
            )
            self.cloud.clock.advance(60)

    def described(self) -> dict:
        return self.dynamodb.describe_table(TableName="songs")["Table"]

    def writes(self) -> int:
        return self.described()["ProvisionedThroughput"]["WriteCapacityUnits"]

    def activities(self, **wanted) -> list[dict]:
        return self.scaling.describe_scaling_activities(ServiceNamespace="dynamodb", **wanted)["ScalingActivities"]

    def alarms(self) -> dict[str, dict]:
        """By what they watch for."""
        return {alarm["AlarmName"].split("-")[-6]: alarm for alarm in self.cloudwatch.describe_alarms()["MetricAlarms"]}
