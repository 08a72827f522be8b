"""SNS on telephones: short messages and pushes go into the cloud's outbox. Refused, done, and what happens next."""

import json

import pytest

from tests.contract.sns_receiver import ARN, refusal, visit

NUMBER = "+491701234567"
APPLICATION = {"Name": "app", "Platform": "GCM", "Attributes": {"PlatformCredential": "secret"}}


@pytest.fixture
def sns(aws):
    return aws("sns")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


@pytest.fixture
def application(sns):
    return sns.create_platform_application(**APPLICATION)["PlatformApplicationArn"]


@pytest.fixture
def device(sns, application):
    return sns.create_platform_endpoint(PlatformApplicationArn=application, Token="token")["EndpointArn"]


@pytest.fixture
def outbox(cloud):
    return lambda: cloud.run(cloud.cloud.outbox.dispatches)


# What is refused


@pytest.mark.parametrize("number", ["", "12", "call me", "+49170123456789012"])
def test_a_number_must_be_one(sns, number):
    if number != "12":
        text = f"Invalid parameter: PhoneNumber Reason: {number} is not valid to publish to"
        assert refusal(sns.publish, PhoneNumber=number, Message="m") == ("InvalidParameter", text)
    assert refusal(sns.check_if_phone_number_is_opted_out, phoneNumber="+x" + number)[0] == "InvalidParameter"


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"Nonsense": "1"}, "InvalidParameter"),
        ({"DefaultSMSType": "Urgent"}, "InvalidParameter"),
        ({"DefaultSenderID": "much-too-long"}, "InvalidParameter"),
        ({"MonthlySpendLimit": "all"}, "InvalidParameter"),
        ({"UsageReportS3Bucket": "reports"}, "NotSupported"),
    ],
)
def test_sms_attributes_must_be_proper(sns, attributes, code):
    assert refusal(sns.set_sms_attributes, attributes=attributes)[0] == code
    assert sns.get_sms_attributes()["attributes"] == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Platform": "PIGEON"}, "Platform Reason: PIGEON is not supported"),
        (
            {"Name": "a b"},
            "a b Reason: must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'",
        ),
        ({"Name": "n" * 257}, f"{'n' * 257} Reason: must be at most 256 characters long"),
        (
            {"Attributes": {"SuccessFeedbackSampleRate": "5"}},
            "Attributes Reason: PlatformCredential is required",
        ),
        ({"Attributes": {"Nonsense": "1"}}, "Attributes Reason: Invalid attribute name: Nonsense"),
        ({"Platform": "ADM"}, "Attributes Reason: PlatformCredential attribute provided without PlatformPrincipal"),
        (
            {"Attributes": {"PlatformPrincipal": "p"}},
            "Attributes Reason: PlatformPrincipal attribute provided without PlatformCredential",
        ),
    ],
)
def test_an_application_must_be_proper(sns, change, words):
    expected = ("InvalidParameter", f"Invalid parameter: {words}")
    assert refusal(sns.create_platform_application, **{**APPLICATION, **change}) == expected


def test_an_unknown_application_or_device_is_not_found(sns, application):
    unknown = ARN + "app/GCM/other"
    missing = ("NotFound", "PlatformApplication does not exist")
    assert refusal(sns.get_platform_application_attributes, PlatformApplicationArn=unknown) == missing
    assert refusal(sns.create_platform_endpoint, PlatformApplicationArn=unknown, Token="t") == missing
    assert refusal(sns.list_endpoints_by_platform_application, PlatformApplicationArn=unknown) == missing
    device = ARN + "endpoint/GCM/app/1"
    assert refusal(sns.get_endpoint_attributes, EndpointArn=device) == ("NotFound", "Endpoint does not exist")
    text = "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified"
    assert refusal(sns.publish, TargetArn=device, Message="m") == ("InvalidParameter", text)


def test_a_token_is_registered_with_one_set_of_attributes(sns, application, device):
    again = {"PlatformApplicationArn": application, "Token": "token"}
    assert sns.create_platform_endpoint(**again)["EndpointArn"] == device
    found = refusal(sns.create_platform_endpoint, **again, CustomUserData="other")
    assert found == (
        "InvalidParameter",
        f"Invalid parameter: Token Reason: Endpoint {device} already exists with the same Token, but different"
        " attributes.",
    )


def test_a_disabled_device_gets_nothing(sns, device, outbox):
    sns.set_endpoint_attributes(EndpointArn=device, Attributes={"Enabled": "false"})
    assert refusal(sns.publish, TargetArn=device, Message="m") == ("EndpointDisabled", "Endpoint is disabled")
    assert outbox() == []


def test_the_numbers_of_a_sandbox_are_refused_in_words(sns):
    assert "not supported" in refusal(sns.create_sms_sandbox_phone_number, PhoneNumber=NUMBER)[1]


# What is done


def test_a_short_message_is_in_the_outbox(sns, outbox):
    message_id = sns.publish(PhoneNumber=NUMBER, Message="your code is 123")["MessageId"]
    (sent,) = outbox()
    assert (sent.kind, sent.recipient, sent.text) == ("sms", NUMBER, "your code is 123")
    assert sent.detail["messageId"] == message_id


def test_the_outbox_can_be_read_through_the_admin_api(sns, endpoint):
    sns.publish(PhoneNumber=NUMBER, Message="hello")
    (sent,) = json.loads(visit(f"{endpoint}/_glasshouse/outbox"))["dispatches"]
    assert (sent["kind"], sent["recipient"], sent["text"]) == ("sms", NUMBER, "hello")


def test_a_subscribed_telephone_gets_its_text(sns, topic, outbox):
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint=NUMBER)
    message = json.dumps({"default": "long", "sms": "short"})
    sns.publish(TopicArn=topic, Message=message, MessageStructure="json")
    assert [(sent.recipient, sent.text) for sent in outbox()] == [(NUMBER, "short")]


def test_nobody_is_opted_out(sns):
    assert sns.check_if_phone_number_is_opted_out(phoneNumber=NUMBER)["isOptedOut"] is False
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == []
    assert sns.get_sms_sandbox_account_status()["IsInSandbox"] is False
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"] == []
    assert sns.list_origination_numbers()["PhoneNumbers"] == []
    assert sns.opt_in_phone_number(phoneNumber=NUMBER)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_sms_attributes_are_kept(sns):
    sns.set_sms_attributes(attributes={"DefaultSMSType": "Transactional", "MonthlySpendLimit": "1"})
    sns.set_sms_attributes(attributes={"MonthlySpendLimit": "2"})
    assert sns.get_sms_attributes()["attributes"] == {"DefaultSMSType": "Transactional", "MonthlySpendLimit": "2"}
    assert sns.get_sms_attributes(attributes=["MonthlySpendLimit"])["attributes"] == {"MonthlySpendLimit": "2"}


def test_an_application_is_made_and_changed(sns, application):
    assert application == ARN + "app/GCM/app"
    sns.set_platform_application_attributes(
        PlatformApplicationArn=application, Attributes={"SuccessFeedbackSampleRate": "10"}
    )
    found = sns.get_platform_application_attributes(PlatformApplicationArn=application)["Attributes"]
    assert found == {"Enabled": "true", "SuccessFeedbackSampleRate": "10"}
    (listed,) = sns.list_platform_applications()["PlatformApplications"]
    assert listed["PlatformApplicationArn"] == application


def test_a_device_is_registered_and_changed(sns, application, device):
    assert device.startswith(ARN + "endpoint/GCM/app/")
    sns.set_endpoint_attributes(EndpointArn=device, Attributes={"CustomUserData": "ann"})
    found = sns.get_endpoint_attributes(EndpointArn=device)["Attributes"]
    assert found == {"Enabled": "true", "Token": "token", "CustomUserData": "ann"}
    (listed,) = sns.list_endpoints_by_platform_application(PlatformApplicationArn=application)["Endpoints"]
    assert listed["EndpointArn"] == device


def test_a_device_gets_the_text_of_its_platform(sns, device, outbox):
    payload = json.dumps({"notification": {"text": "hi"}})
    message = json.dumps({"default": "d", "GCM": payload, "APNS": "x"})
    sns.publish(TargetArn=device, Message=message, MessageStructure="json")
    (sent,) = outbox()
    assert (sent.kind, sent.recipient, sent.text) == ("push", device, payload)


# What happens next


def test_a_subscribed_device_gets_messages_until_it_is_disabled(sns, topic, device, outbox):
    sns.subscribe(TopicArn=topic, Protocol="application", Endpoint=device)
    sns.publish(TopicArn=topic, Message="first")
    sns.set_endpoint_attributes(EndpointArn=device, Attributes={"Enabled": "false"})
    sns.publish(TopicArn=topic, Message="second")
    assert [sent.text for sent in outbox()] == ["first"]


def test_devices_go_with_their_application(sns, application, device):
    sns.delete_platform_application(PlatformApplicationArn=application)
    assert sns.list_platform_applications()["PlatformApplications"] == []
    assert refusal(sns.get_endpoint_attributes, EndpointArn=device)[0] == "NotFound"


def test_a_deleted_device_is_gone_and_may_be_deleted_again(sns, device):
    sns.delete_endpoint(EndpointArn=device)
    sns.delete_endpoint(EndpointArn=device)
    assert refusal(sns.get_endpoint_attributes, EndpointArn=device)[0] == "NotFound"
