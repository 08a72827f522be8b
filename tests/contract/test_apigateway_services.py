"""REST APIs in front of other services of the cloud, asked in the words of the wire."""

import json

import pytest

from tests.contract.http_apis import Caller
from tests.contract.lambda_code import execution_role
from tests.contract.rest_apis import ACCOUNT, JSON, REGION, RestApi, patch

FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}


@pytest.fixture
def api(aws):
    return RestApi(aws("apigateway"))


@pytest.fixture
def ask(endpoint):
    return Caller(endpoint)


def trusted(aws, *actions):
    return execution_role(aws, "caller", *actions, service="apigateway.amazonaws.com")


def queue(aws):
    return aws("sqs").create_queue(QueueName="pets")["QueueUrl"]


def received(aws, url):
    messages = aws("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [message["Body"] for message in messages]


# What is refused


def test_a_role_that_does_not_trust_the_gateway_cannot_be_had(aws, api, ask):
    queue(aws)
    api.service(f"sqs:path/{ACCOUNT}/pets", execution_role(aws, "caller", "sqs:*"), "/send")
    api.respond("/send", "POST")
    api.deploy()
    assert ask(api.id, "/dev/send", "POST").status == 500


@pytest.mark.parametrize("uri", ["nothing:action/Do", "translate:action/TranslateText", "nothing:path/do"])
def test_a_service_that_is_not_there_cannot_be_asked(aws, api, ask, uri):
    api.service(uri, trusted(aws, "*"), "/ask")
    api.respond("/ask", "POST")
    api.deploy()
    assert ask(api.id, "/dev/ask", "POST").status == 500


# What is done


@pytest.mark.parametrize("uri", [f"sqs:path/{ACCOUNT}/pets", "sqs:path//", "sqs:action/SendMessage"])
def test_a_queue_gets_a_message(aws, api, ask, uri):
    url = queue(aws)
    body = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"
    if "pets" not in uri:
        body += f"&QueueUrl=$util.urlEncode('{url}')"
    api.service(uri, trusted(aws, "sqs:SendMessage"), "/send", requestParameters=FORM, requestTemplates={JSON: body})
    template = '{"id": "$input.path("$.SendMessageResponse.SendMessageResult.MessageId")"}'
    api.respond("/send", "POST", responseTemplates={JSON: template})
    api.deploy()
    answer = ask(api.id, "/dev/send", "POST", body=b'{"name": "Rex & Tom"}')
    assert (answer.status, len(answer.document["id"])) == (200, 36)
    assert received(aws, url) == ['{"name": "Rex & Tom"}']


def test_a_topic_gets_a_notification(aws, api, ask):
    url = queue(aws)
    topic = aws("sns").create_topic(Name="news")["TopicArn"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:pets"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    aws("sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
    )
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    body = f"Action=Publish&TopicArn=$util.urlEncode('{topic}')&Message=$util.urlEncode($input.body)"
    api.service("sns:path//", trusted(aws, "sns:Publish"), "/", requestParameters=FORM, requestTemplates={JSON: body})
    api.respond("/", "POST")
    api.deploy()
    answer = ask(api.id, "/dev", "POST", body=b"hello")
    assert "MessageId" in answer.document["PublishResponse"]["PublishResult"]


def test_items_of_a_table_are_put_and_found(aws, api, ask):
    aws("dynamodb").create_table(
        TableName="pets", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    role = trusted(aws, "dynamodb:*")
    put = '{"TableName": "pets", "Item": {"id": {"S": "$input.path("$.id")"}, "name": {"S": "$input.path("$.name")"}}}'
    get = '{"TableName": "pets", "Key": {"id": {"S": "$input.params("id")"}}}'
    api.service("dynamodb:action/PutItem", role, "/pets", requestTemplates={JSON: put})
    api.respond("/pets", "POST")
    api.service("dynamodb:action/GetItem", role, "/pets/{id}", "GET", requestTemplates={JSON: get})
    api.respond("/pets/{id}", responseTemplates={JSON: '{"name": "$input.path("$.Item.name.S")"}'})
    api.service("dynamodb:action/GetItem", role, "/wrong", "GET", requestTemplates={JSON: '{"TableName": "dogs"}'})
    api.respond("/wrong")
    api.respond("/wrong", status="400", selectionPattern="4\\d\\d", responseTemplates={JSON: "$input.path('$.__type')"})
    api.deploy()
    assert ask(api.id, "/dev/pets", "POST", body=b'{"id": "7", "name": "Rex"}').document == {}
    assert ask(api.id, "/dev/pets/7").document == {"name": "Rex"}
    wrong = ask(api.id, "/dev/wrong")
    assert (wrong.status, b"Exception" in wrong.body) == (400, True)


def test_a_stream_gets_a_record(aws, api, ask):
    aws("kinesis").create_stream(StreamName="news", ShardCount=1)
    record = '{"StreamName": "news", "PartitionKey": "a", "Data": "$util.base64Encode($input.body)"}'
    api.service("kinesis:action/PutRecord", trusted(aws, "kinesis:*"), "/", requestTemplates={JSON: record})
    api.respond("/", "POST")
    api.deploy()
    assert ask(api.id, "/dev", "POST", body=b"hello").document["ShardId"] == "shardId-000000000000"


def test_objects_of_a_bucket_are_put_and_got(aws, api, ask):
    aws("s3").create_bucket(Bucket="pets", CreateBucketConfiguration={"LocationConstraint": REGION})
    api.client.update_rest_api(restApiId=api.id, patchOperations=patch("add", "/binaryMediaTypes/image~1png"))
    role = trusted(aws, "s3:*")
    declared = {"method.request.path.key": True, "method.request.header.Content-Type": False}
    mapping = {"integration.request.path.object": "method.request.path.key"}
    api.service(
        "s3:path/pets/{object}", role, "/files/{key}", "PUT", integrationHttpMethod="PUT",
        method={"requestParameters": declared}, requestParameters=mapping,
    )  # fmt: skip
    api.respond("/files/{key}", "PUT", headers={"ETag": "integration.response.header.ETag"})
    api.service(
        "s3:path/pets/{object}", role, "/files/{key}", "GET", integrationHttpMethod="GET",
        method={"requestParameters": declared}, requestParameters=mapping,
    )  # fmt: skip
    api.respond("/files/{key}", headers={"Content-Type": "integration.response.header.Content-Type"})
    api.respond("/files/{key}", status="404", selectionPattern="404")
    api.deploy()
    put = ask(api.id, "/dev/files/a%20b", "PUT", {"content-type": "image/png"}, b"\x00\xff")
    assert (put.status, put.headers["etag"][0]) == (200, '"')
    got = ask(api.id, "/dev/files/a%20b", headers={"accept": "image/png"})
    assert (got.body, got.headers["content-type"]) == (b"\x00\xff", "image/png")
    assert ask(api.id, "/dev/files/none").status == 404
    assert aws("s3").get_object(Bucket="pets", Key="a b")["Body"].read() == b"\x00\xff"


def test_a_bus_and_a_parameter_are_asked(aws, api, ask):
    aws("ssm").put_parameter(Name="/who", Value="Ann", Type="String")
    role = trusted(aws, "events:PutEvents", "ssm:GetParameter")
    entry = '{"Entries": [{"Source": "pets", "DetailType": "sold", "Detail": "$util.escapeJavaScript($input.body)"}]}'
    typed = {
        "integration.request.header.X-Amz-Target": "'AWSEvents.PutEvents'",
        "integration.request.header.Content-Type": "'application/x-amz-json-1.1'",
    }
    api.service("events:path//", role, "/event", requestTemplates={JSON: entry}, requestParameters=typed)
    api.respond("/event", "POST")
    api.service("ssm:action/GetParameter", role, "/who", requestTemplates={JSON: '{"Name": "/who"}'})
    api.respond("/who", "POST", responseTemplates={JSON: "$input.path('$.Parameter.Value')"})
    api.deploy()
    assert ask(api.id, "/dev/event", "POST", body=b'{"a": 1}').document["FailedEntryCount"] == 0
    assert ask(api.id, "/dev/who", "POST").body == b"Ann"


def test_a_service_is_asked_by_a_query_alone(aws, api, ask):
    aws("ssm").put_parameter(Name="/who", Value="Ann", Type="String")
    mapping = {
        "integration.request.querystring.Name": "'/who'", "integration.request.querystring.WithDecryption": "'true'",
    }  # fmt: skip
    api.service(
        "ssm:action/GetParameter", trusted(aws, "ssm:GetParameter"), "/who", "GET", requestParameters=mapping
    )  # fmt: skip
    api.respond("/who")
    api.deploy()
    answer = ask(api.id, "/dev/who").document["GetParameterResponse"]
    assert set(answer["ResponseMetadata"]) == {"RequestId"}
    known = answer["GetParameterResult"]["Parameter"]
    assert (known["Name"], known["Value"], known["Version"]) == ("/who", "Ann", 1)


# What happens next


def test_what_a_service_refuses_is_chosen_by_its_status(aws, api, ask):
    url = queue(aws)
    template = f"Action=SendMessage&QueueUrl=$util.urlEncode('{url}')&MessageBody=a"
    api.service("sqs:path//", trusted(aws), "/send", requestParameters=FORM, requestTemplates={JSON: template})
    api.respond("/send", "POST")
    api.respond("/send", "POST", status="502", selectionPattern="403")
    api.deploy()
    assert ask(api.id, "/dev/send", "POST").status == 502
    grant = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
    aws("iam").put_role_policy(RoleName="caller", PolicyName="p", PolicyDocument=document)
    assert ask(api.id, "/dev/send", "POST").status == 200
    assert received(aws, url) == ["a"]
