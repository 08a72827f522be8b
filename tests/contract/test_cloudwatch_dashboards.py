"""CloudWatch: dashboards."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.contract.cloudwatch_metrics import cloudwatch

__all__ = ["cloudwatch"]  # fixtures
WIDGET = {
    "type": "metric", "x": 0, "y": 0, "width": 6, "height": 6,
    "properties": {"metrics": [["AWS/EC2", "CPUUtilization", "InstanceId", "i-1"]], "region": "eu-west-1"},
}  # fmt: skip
BODY = json.dumps({"widgets": [WIDGET]})


# What is refused


def test_a_name_has_letters_digits_dashes_and_underscores(cloudwatch):
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_dashboard(DashboardName="test:invalid", DashboardBody=BODY)
    error = refused.value.response["Error"]
    assert error["Code"] == "InvalidParameterValue"
    assert error["Message"] == (
        "The value test:invalid for field DashboardName contains invalid characters. It can only contain alphanumerics,"
        " dash (-) and underscore (_).\n"
    )


@pytest.mark.parametrize("body", ["not json", "[]", '"text"'])
def test_a_body_is_an_object_of_json(cloudwatch, body):
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=body)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterInput"
    assert refused.value.response["Error"]["Message"] == "The field DashboardBody must be a valid JSON object"


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({}, "", "Should have required property 'widgets'"),
        ({"widgets": {}}, "/widgets", "Should be array"),
        ({"widgets": [3]}, "/widgets/0", "Should be object"),
        ({"widgets": [{"properties": {}}]}, "/widgets/0", "Should have required property 'type'"),
        (
            {"widgets": [{**WIDGET, "type": "chart"}]},
            "/widgets/0/type",
            "Should be equal to one of the allowed values",
        ),
        ({"widgets": [WIDGET, {**WIDGET, "width": 25}]}, "/widgets/1/width", "Should be <= 24"),
        ({"widgets": [{**WIDGET, "y": "top"}]}, "/widgets/0/y", "Should be integer"),
        ({"widgets": [{"type": "text"}]}, "/widgets/0", "Should have required property 'properties'"),
        (
            {"widgets": [{"type": "text", "properties": {}}]},
            "/widgets/0/properties",
            "Should have required property 'markdown'",
        ),
        (
            {"widgets": [{"type": "metric", "properties": {"metrics": [[]]}}]},
            "/widgets/0/properties/metrics/0",
            "Should NOT have fewer than 1 items",
        ),
    ],
)
def test_a_body_that_is_wrong_is_refused_with_the_place(cloudwatch, body, path, message):
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=json.dumps(body))
    assert refused.value.response["Error"]["Code"] == "InvalidParameterInput"
    assert refused.value.response["dashboardValidationMessages"] == [{"DataPath": path, "Message": message}]
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []


def test_a_dashboard_that_is_not_there_is_not_found(cloudwatch):
    cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=BODY)
    with pytest.raises(ClientError, match="Dashboard none does not exist") as refused:
        cloudwatch.get_dashboard(DashboardName="none")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFound"
    with pytest.raises(ClientError) as refused:
        cloudwatch.delete_dashboards(DashboardNames=["shop", "none"])
    assert refused.value.response["Error"]["Code"] == "ResourceNotFound"
    assert len(cloudwatch.list_dashboards()["DashboardEntries"]) == 1


# What is done


def test_a_dashboard_is_put_read_listed_and_deleted(cloudwatch):
    assert cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=BODY)["DashboardValidationMessages"] == []
    found = cloudwatch.get_dashboard(DashboardName="shop")
    assert found["DashboardArn"] == "arn:aws:cloudwatch::000000000000:dashboard/shop"
    assert json.loads(found["DashboardBody"]) == {"widgets": [WIDGET]}
    [entry] = cloudwatch.list_dashboards()["DashboardEntries"]
    assert (entry["DashboardName"], entry["Size"]) == ("shop", len(BODY))
    assert cloudwatch.list_dashboards(DashboardNamePrefix="no")["DashboardEntries"] == []
    assert len(cloudwatch.list_dashboards(DashboardNamePrefix="sh")["DashboardEntries"]) == 1
    cloudwatch.delete_dashboards(DashboardNames=["shop"])
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []


def test_dashboards_are_the_same_in_every_region(aws, cloudwatch):
    cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=BODY)
    assert len(aws("cloudwatch", "us-east-1").list_dashboards()["DashboardEntries"]) == 1


def test_what_a_body_has_beyond_the_known_is_told(cloudwatch):
    body = json.dumps({"widgets": [], "colour": "red"})
    told = cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=body)["DashboardValidationMessages"]
    assert told == [{"DataPath": "/colour", "Message": "Should NOT have additional properties"}]


# What happens next


def test_a_dashboard_that_is_put_again_is_replaced(cloud, cloudwatch):
    cloud.clock.freeze()
    cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=BODY)
    before = cloudwatch.list_dashboards()["DashboardEntries"][0]["LastModified"]
    cloud.clock.advance(60)
    cloudwatch.put_dashboard(DashboardName="shop", DashboardBody='{"widgets": []}')
    [entry] = cloudwatch.list_dashboards()["DashboardEntries"]
    assert entry["Size"] == 15
    assert entry["LastModified"] > before


def test_a_dashboard_of_china_is_of_its_partition(aws):
    client = aws("cloudwatch", region="cn-north-1")
    client.put_dashboard(DashboardName="shop", DashboardBody=BODY)
    (entry,) = client.list_dashboards()["DashboardEntries"]
    assert entry["DashboardArn"] == "arn:aws-cn:cloudwatch::000000000000:dashboard/shop"
