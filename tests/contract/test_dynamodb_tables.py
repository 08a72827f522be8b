"""DynamoDB: tables, their indexes and settings."""

import json

import pytest

from tests.contract.dynamodb_tables import WRONG, index, make_table, refusal, wait_until_active

UNITS = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}


@pytest.fixture
def dynamodb(aws):
    return aws("dynamodb")


def create(dynamodb, **more):
    """What the refusal of a table says."""
    params = {
        "TableName": "things",
        "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        **more,
    }
    return refusal(dynamodb.create_table, **params)[1]


# What is refused


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"TableName": "ab"},
         "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length"
         " greater than or equal to 3"),
        ({"TableName": None}, "The parameter 'TableName' is required but was not present in the request"),
        ({"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, *[{"AttributeName": "p", "KeyType": "RANGE"}] * 2]},
         "1 validation error detected: Value '[KeySchemaElement(attributeName=p, keyType=HASH),"
         " KeySchemaElement(attributeName=p, keyType=RANGE), KeySchemaElement(attributeName=p, keyType=RANGE)]' at"
         " 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2"),
        ({"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "NEW_IMAGE"}},
         WRONG + "Table is being created with a stream disabled, UpdateViewType should not be specified"),
        ({"AttributeDefinitions": [{"AttributeName": "q", "AttributeType": "S"}]},
         WRONG + "Some index key attributes are not defined in AttributeDefinitions. Keys: [p],"
                 " AttributeDefinitions: [q]"),
        ({"AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in "pq"]},
         WRONG + "Number of attributes in KeySchema does not exactly match number of attributes defined in"
                 " AttributeDefinitions"),
        ({"BillingMode": "PROVISIONED"},
         WRONG + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"),
        ({"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
         WRONG + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is"
                 " PAY_PER_REQUEST"),
        ({"StreamSpecification": {"StreamEnabled": True}},
         WRONG + "StreamViewType must be specified when StreamEnabled is true"),
        ({"GlobalSecondaryIndexes": [index("one", "p", projection="INCLUDE")]},
         WRONG + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"),
        ({"LocalSecondaryIndexes": [index("one", "p")]},
         WRONG + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"),
        ({"GlobalSecondaryIndexes": []}, WRONG + "List of GlobalSecondaryIndexes is empty"),
        ({"GlobalSecondaryIndexes": [index(f"index-{n}", "p") for n in range(21)]},
         WRONG + "GlobalSecondaryIndex count exceeds the per-table limit of 20"),
        ({"GlobalSecondaryIndexes": [{**index("one", "p"), "ProvisionedThroughput": UNITS}]},
         WRONG + "ProvisionedThroughput should not be specified for index: one when BillingMode is PAY_PER_REQUEST"),
        ({"BillingMode": "PROVISIONED", "ProvisionedThroughput": {**UNITS, "WriteCapacityUnits": 10**12 + 1}},
         "Given value 1000000000001 for WriteCapacityUnits is out of bounds"),
        ({"KeySchema": [{"AttributeName": "p", "KeyType": "RANGE"}]},
         "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
        ({"WarmThroughput": {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 3_000}},
         WRONG + "Requested WriteUnitsPerSecond for WarmThroughput for table is lower than initial throughput for"
                 " OnDemand"),
    ],
)  # fmt: skip
def test_a_definition_that_makes_no_sense_is_refused(dynamodb, more, message):
    assert create(dynamodb, **more) == message


def test_a_table_cannot_be_made_twice_nor_deleted_when_it_is_not_there(dynamodb):
    make_table(dynamodb)
    assert create(dynamodb) == "Table already exists: things"
    told = refusal(dynamodb.delete_table, TableName="nothing")
    assert told == ("ResourceNotFoundException", "Requested resource not found: Table: nothing not found")


def test_a_protected_table_cannot_be_deleted(dynamodb):
    make_table(dynamodb, DeletionProtectionEnabled=True)
    code, message = refusal(dynamodb.delete_table, TableName="things")
    assert (code, "protected against deletion" in message) == ("ValidationException", True)
    dynamodb.update_table(TableName="things", DeletionProtectionEnabled=False)
    wait_until_active(dynamodb)
    assert dynamodb.delete_table(TableName="things")["TableDescription"]["TableStatus"] == "DELETING"


def test_a_table_is_encrypted_with_a_key_that_the_caller_can_use(aws, dynamodb):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.schedule_key_deletion(KeyId=key)
    for wanted in ("alias/none", key):
        given = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": wanted}
        code, message = refusal(make_table, dynamodb=dynamodb, SSESpecification=given)
        assert (code, message.startswith("KMS key validation failed: ")) == ("ValidationException", True)
    assert dynamodb.list_tables()["TableNames"] == []


# What is done


def test_the_key_of_a_table_is_told_and_changed(aws, dynamodb):
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    table = make_table(dynamodb, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key})
    assert table["SSEDescription"] == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}
    managed = dynamodb.update_table(TableName="things", SSESpecification={"Enabled": True})["TableDescription"]
    assert managed["SSEDescription"]["KMSMasterKeyArn"] != key
    wait_until_active(dynamodb)
    plain = dynamodb.update_table(TableName="things", SSESpecification={"Enabled": False})["TableDescription"]
    assert plain["SSEDescription"] == {**managed["SSEDescription"], "Status": "UPDATING"}
    wait_until_active(dynamodb)
    assert "SSEDescription" not in dynamodb.describe_table(TableName="things")["Table"]


def test_warm_throughput_is_told(dynamodb):
    assert make_table(dynamodb)["WarmThroughput"]["ReadUnitsPerSecond"] == 12_000
    warm = {"ReadUnitsPerSecond": 15_000, "WriteUnitsPerSecond": 5_000}
    told = dynamodb.update_table(TableName="things", WarmThroughput=warm)["TableDescription"]["WarmThroughput"]
    assert told == {**warm, "Status": "UPDATING"}
    wait_until_active(dynamodb)
    assert dynamodb.describe_table(TableName="things")["Table"]["WarmThroughput"] == {**warm, "Status": "ACTIVE"}


def test_warm_throughput_of_indexes_is_told(dynamodb):
    warm = {"ReadUnitsPerSecond": 15_000, "WriteUnitsPerSecond": 5_000}
    one = {**index("one", "p"), "WarmThroughput": warm}
    two = {**index("two", "p"), "ProvisionedThroughput": UNITS}
    make_table(dynamodb, GlobalSecondaryIndexes=[one])
    make_table(dynamodb, "units", BillingMode="PROVISIONED", ProvisionedThroughput=UNITS, GlobalSecondaryIndexes=[two])
    tables = [dynamodb.describe_table(TableName=name)["Table"] for name in ("things", "units")]
    told = [table["GlobalSecondaryIndexes"][0]["WarmThroughput"] for table in tables]
    units = {"ReadUnitsPerSecond": 3, "WriteUnitsPerSecond": 4, "Status": "ACTIVE"}
    assert told == [{**warm, "Status": "ACTIVE"}, units]
    assert tables[1]["WarmThroughput"] == units


def test_a_table_is_described_as_it_was_made(dynamodb):
    made = make_table(
        dynamodb, sort="s", sort_kind="N", attributes={"g": "S"}, BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
        LocalSecondaryIndexes=[index("local", "p", "g", "KEYS_ONLY")],
        GlobalSecondaryIndexes=[{**index("global", "g", "s", "INCLUDE", NonKeyAttributes=["x"]),
                                 "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}}],
    )  # fmt: skip
    assert made["TableStatus"] == "CREATING"
    table = dynamodb.describe_table(TableName="things")["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["TableArn"] == "arn:aws:dynamodb:eu-west-1:000000000000:table/things"
    assert table["KeySchema"] == [
        {"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}
    ]  # fmt: skip
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 4
    [local], [global_] = table["LocalSecondaryIndexes"], table["GlobalSecondaryIndexes"]
    assert local["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert global_["IndexStatus"] == "ACTIVE"
    assert global_["Projection"]["NonKeyAttributes"] == ["x"]
    assert global_["IndexArn"] == table["TableArn"] + "/index/global"


def test_a_table_can_be_called_by_its_arn(dynamodb):
    make_table(dynamodb)
    arn = dynamodb.describe_table(TableName="things")["Table"]["TableArn"]
    dynamodb.put_item(TableName=arn, Item={"p": {"S": "a"}})
    assert dynamodb.scan(TableName=arn)["Count"] == 1


def test_tables_are_listed_in_pages(dynamodb):
    for name in ("one", "three", "two"):
        make_table(dynamodb, name)
    first = dynamodb.list_tables(Limit=2)
    assert first["TableNames"] == ["one", "three"]
    rest = dynamodb.list_tables(ExclusiveStartTableName=first["LastEvaluatedTableName"])
    assert (rest["TableNames"], "LastEvaluatedTableName" in rest) == (["two"], False)


def test_capacity_modes_change(dynamodb):
    make_table(dynamodb)
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    dynamodb.update_table(TableName="things", BillingMode="PROVISIONED", ProvisionedThroughput=units)
    wait_until_active(dynamodb)
    code, message = refusal(dynamodb.update_table, TableName="things", ProvisionedThroughput=units)
    assert (code, "will not change" in message) == ("ValidationException", True)
    table = dynamodb.describe_table(TableName="things")["Table"]
    assert (table["BillingModeSummary"]["BillingMode"], table["ProvisionedThroughput"]["ReadCapacityUnits"]) == (
        "PROVISIONED", 5
    )  # fmt: skip


def test_tags_are_kept_with_the_table(dynamodb):
    make_table(dynamodb, Tags=[{"Key": "team", "Value": "one"}])
    arn = dynamodb.describe_table(TableName="things")["Table"]["TableArn"]
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "test"}])
    dynamodb.untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "stage", "Value": "test"}]


def test_limits_are_told(dynamodb):
    assert dynamodb.describe_limits()["TableMaxReadCapacityUnits"] == 40_000


# What happens next


def test_an_index_made_later_has_the_items_that_were_there_before(dynamodb):
    make_table(dynamodb)
    for name, group in (("a", "x"), ("b", "y"), ("c", "x")):
        dynamodb.put_item(TableName="things", Item={"p": {"S": name}, "g": {"S": group}})
    dynamodb.put_item(TableName="things", Item={"p": {"S": "d"}, "g": {"N": "1"}})
    dynamodb.update_table(
        TableName="things",
        AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index("by-group", "g")}],
    )
    wait_until_active(dynamodb)
    found = dynamodb.query(
        TableName="things", IndexName="by-group", KeyConditionExpression="g = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
    )  # fmt: skip
    assert sorted(item["p"]["S"] for item in found["Items"]) == ["a", "c"]
    [described] = dynamodb.describe_table(TableName="things")["Table"]["GlobalSecondaryIndexes"]
    assert described["ItemCount"] == 3


def test_a_deleted_index_is_gone(dynamodb, cloud):
    make_table(dynamodb, attributes={"g": "S"}, GlobalSecondaryIndexes=[index("by-group", "g")])
    dynamodb.update_table(TableName="things", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-group"}}])
    cloud.settle()
    table = dynamodb.describe_table(TableName="things")["Table"]
    assert "GlobalSecondaryIndexes" not in table
    assert [attribute["AttributeName"] for attribute in table["AttributeDefinitions"]] == ["p"]


def test_a_deleted_table_leaves_nothing_to_one_of_the_same_name(dynamodb, cloud):
    make_table(dynamodb)
    dynamodb.put_item(TableName="things", Item={"p": {"S": "a"}})
    dynamodb.delete_table(TableName="things")
    cloud.settle()
    assert dynamodb.list_tables()["TableNames"] == []
    make_table(dynamodb)
    assert dynamodb.scan(TableName="things")["Items"] == []


def test_items_expire_by_the_clock(dynamodb, cloud):
    make_table(dynamodb)
    now = int(cloud.clock.now())
    for name, moment in (("soon", now + 100), ("late", now + 10_000), ("long-ago", now - 6 * 365 * 86_400)):
        dynamodb.put_item(TableName="things", Item={"p": {"S": name}, "end": {"N": str(moment)}})
    dynamodb.put_item(TableName="things", Item={"p": {"S": "text"}, "end": {"S": str(now + 100)}})
    dynamodb.update_time_to_live(TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "end"})
    described = dynamodb.describe_time_to_live(TableName="things")["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "end"}
    cloud.clock.advance(200)
    assert {item["p"]["S"] for item in dynamodb.scan(TableName="things")["Items"]} == {"late", "long-ago", "text"}
    dynamodb.put_item(TableName="things", Item={"p": {"S": "new"}, "end": {"N": str(now + 300)}})
    cloud.clock.advance(200)
    assert {item["p"]["S"] for item in dynamodb.scan(TableName="things")["Items"]} == {"late", "long-ago", "text"}


def test_a_resource_policy_is_kept_and_asked(dynamodb, aws):
    make_table(dynamodb)
    arn = dynamodb.describe_table(TableName="things")["Table"]["TableArn"]
    key = aws("iam").create_user(UserName="reader") and aws("iam").create_access_key(UserName="reader")["AccessKey"]
    reader = aws("dynamodb", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    assert refusal(reader.scan, TableName="things")[0] == "AccessDeniedException"
    policy = {"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "dynamodb:Scan", "Resource": arn,
        "Principal": {"AWS": "arn:aws:iam::000000000000:user/reader"}}}  # fmt: skip
    revision = dynamodb.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))["RevisionId"]
    assert reader.scan(TableName="things")["Count"] == 0
    assert refusal(reader.put_item, TableName="things", Item={"p": {"S": "a"}})[0] == "AccessDeniedException"
    assert dynamodb.get_resource_policy(ResourceArn=arn)["RevisionId"] == revision
    assert dynamodb.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy))["RevisionId"] == revision
    other = json.dumps({**policy, "Id": "other"})
    later = dynamodb.put_resource_policy(ResourceArn=arn, Policy=other, ExpectedRevisionId=revision)["RevisionId"]
    assert int(later) > int(revision)
    start = "Resource-based policy not found for the provided ResourceArn: Requested "
    for expected, message in (
        (revision, f"update for policy with revision id {revision}, but the policy associated to target table things"
                   f" has revision id {later}."),
        ("NO_POLICY", "policy update expecting none to be present for table things, but a policy exists with revision"
                      f" id {later}."),
    ):  # fmt: skip
        told = refusal(dynamodb.put_resource_policy, ResourceArn=arn, Policy=other, ExpectedRevisionId=expected)
        assert told == ("PolicyNotFoundException", start + message)
    told = refusal(dynamodb.get_resource_policy, ResourceArn=f"{arn}-not")
    assert told == ("ResourceNotFoundException", "Requested resource not found: Table: things-not not found")
    dynamodb.delete_resource_policy(ResourceArn=arn)
    assert refusal(dynamodb.get_resource_policy, ResourceArn=arn)[0] == "PolicyNotFoundException"
    assert refusal(reader.scan, TableName="things")[0] == "AccessDeniedException"


def test_access_is_asked_for_the_table_and_the_index_that_a_call_names(dynamodb, aws):
    make_table(dynamodb, attributes={"g": "S"}, GlobalSecondaryIndexes=[index("by-group", "g")])
    aws("iam").create_user(UserName="reader")
    key = aws("iam").create_access_key(UserName="reader")["AccessKey"]
    allowed = {"Effect": "Allow", "Action": ["dynamodb:Query", "dynamodb:BatchWriteItem"],
               "Resource": "arn:aws:dynamodb:*:*:table/things/index/by-group"}  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    aws("iam").put_user_policy(UserName="reader", PolicyName="one", PolicyDocument=policy)
    reader = aws("dynamodb", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    query = {
        "TableName": "things", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "x"}}
    }  # fmt: skip
    assert reader.query(IndexName="by-group", **query)["Count"] == 0
    code, message = refusal(reader.query, **query)
    assert (code, "on resource: arn:aws:dynamodb:eu-west-1:000000000000:table/things " in message) == (
        "AccessDeniedException", True
    )  # fmt: skip
    requests = {"things": [{"PutRequest": {"Item": {"p": {"S": "a"}}}}]}
    assert refusal(reader.batch_write_item, RequestItems=requests)[0] == "AccessDeniedException"
