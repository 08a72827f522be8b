"""DynamoDB: backups, and tables that come back as they were at a moment."""

from datetime import UTC, datetime

import pytest

from tests.contract.dynamodb_tables import index, make_table, refusal, wait_until_active


@pytest.fixture
def dynamodb(aws):
    client = aws("dynamodb")
    make_table(client, attributes={"g": "S"}, GlobalSecondaryIndexes=[index("by-group", "g")])
    return client


def put(dynamodb, name, value):
    dynamodb.put_item(TableName="things", Item={"p": {"S": name}, "g": {"S": "x"}, "v": {"N": str(value)}})


def values(dynamodb, table, **more):
    return {item["p"]["S"]: item["v"]["N"] for item in dynamodb.scan(TableName=table, **more)["Items"]}


def enable_recovery(dynamodb):
    dynamodb.update_continuous_backups(
        TableName="things", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


# What is refused


def test_what_is_not_there_cannot_be_backed_up_or_restored(dynamodb):
    assert refusal(dynamodb.create_backup, TableName="nothing", BackupName="one")[0] == "TableNotFoundException"
    arn = "arn:aws:dynamodb:eu-west-1:000000000000:table/things/backup/01"
    told = refusal(dynamodb.restore_table_from_backup, TargetTableName="other", BackupArn=arn)
    assert told[0] == "BackupNotFoundException"


def test_a_moment_outside_of_the_recovery_period_is_refused(dynamodb):
    restore = {"SourceTableName": "things", "TargetTableName": "again", "RestoreDateTime": datetime(2020, 1, 1)}
    code, _ = refusal(dynamodb.restore_table_to_point_in_time, **restore)
    assert code == "PointInTimeRecoveryUnavailableException"
    enable_recovery(dynamodb)
    assert refusal(dynamodb.restore_table_to_point_in_time, **restore)[0] == "InvalidRestoreTimeException"


# What is done


def test_a_backup_restores_the_table_as_it_was(dynamodb):
    put(dynamodb, "a", 1)
    put(dynamodb, "b", 1)
    details = dynamodb.create_backup(TableName="things", BackupName="first")["BackupDetails"]
    put(dynamodb, "a", 2)
    dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=details["BackupArn"])
    wait_until_active(dynamodb, "again")
    assert values(dynamodb, "again") == {"a": "1", "b": "1"}
    assert values(dynamodb, "again", IndexName="by-group") == {"a": "1", "b": "1"}
    table = dynamodb.describe_table(TableName="again")["Table"]
    assert (table["ItemCount"], table["RestoreSummary"]["SourceBackupArn"]) == (2, details["BackupArn"])


def test_backups_are_listed_described_and_deleted(dynamodb):
    put(dynamodb, "a", 1)
    arn = dynamodb.create_backup(TableName="things", BackupName="first")["BackupDetails"]["BackupArn"]
    [summary] = dynamodb.list_backups(TableName="things")["BackupSummaries"]
    assert (summary["BackupName"], summary["BackupStatus"]) == ("first", "AVAILABLE")
    described = dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]
    assert described["SourceTableDetails"]["ItemCount"] == 1
    assert dynamodb.delete_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "DELETED"
    assert dynamodb.list_backups()["BackupSummaries"] == []


def test_a_restore_can_leave_out_indexes(dynamodb):
    arn = dynamodb.create_backup(TableName="things", BackupName="first")["BackupDetails"]["BackupArn"]
    dynamodb.restore_table_from_backup(TargetTableName="again", BackupArn=arn, GlobalSecondaryIndexOverride=[])
    wait_until_active(dynamodb, "again")
    assert "GlobalSecondaryIndexes" not in dynamodb.describe_table(TableName="again")["Table"]


# What happens next


def test_a_table_comes_back_as_it_was_at_a_second(dynamodb, cloud):
    put(dynamodb, "before", 1)
    cloud.clock.freeze()
    enable_recovery(dynamodb)
    start = int(cloud.clock.now()) + 1
    cloud.clock.advance(start - cloud.clock.now())
    for second in range(1, 4):
        cloud.clock.advance(1)
        put(dynamodb, "a", second)
    dynamodb.delete_item(TableName="things", Key={"p": {"S": "before"}})
    cloud.clock.advance(10)
    for second, expected in ((2, {"before": "1", "a": "2"}), (3, {"a": "3"}), (0, {"before": "1"})):
        dynamodb.restore_table_to_point_in_time(
            SourceTableName="things", TargetTableName=f"again{second}",
            RestoreDateTime=datetime.fromtimestamp(start + second, UTC),
        )  # fmt: skip
        wait_until_active(dynamodb, f"again{second}")
        assert values(dynamodb, f"again{second}") == expected


def test_the_recovery_period_moves_with_the_clock(dynamodb, cloud):
    put(dynamodb, "a", 1)
    enable_recovery(dynamodb)
    put(dynamodb, "a", 2)
    cloud.clock.advance(40 * 86_400)
    described = dynamodb.describe_continuous_backups(TableName="things")["ContinuousBackupsDescription"]
    recovery = described["PointInTimeRecoveryDescription"]
    period = recovery["LatestRestorableDateTime"] - recovery["EarliestRestorableDateTime"]
    assert (recovery["PointInTimeRecoveryStatus"], period.days) == ("ENABLED", 35)
    dynamodb.restore_table_to_point_in_time(
        SourceTableName="things", TargetTableName="again", UseLatestRestorableTime=True
    )
    wait_until_active(dynamodb, "again")
    assert values(dynamodb, "again") == {"a": "2"}
