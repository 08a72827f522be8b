"""What services know: found by name in whatever case, and complete."""

from glasshouse.engines.policy.service_data import service_data

DATA = service_data()


def test_an_action_is_found_in_whatever_case():
    action = DATA.action("S3:getobject")
    assert action is not None
    assert (action.full_name, action.access_level) == ("s3:GetObject", "Read")
    assert "object" in {resource.name for resource in action.resources}


def test_an_action_or_service_that_does_not_exist_is_not_found():
    assert DATA.action("s3:GetObjects") is None
    assert DATA.action("s4:GetObject") is None
    assert DATA.service("s4") is None


def test_required_resources_are_told_from_others():
    action = DATA.action("iam:PassRole")
    assert action is not None
    assert [resource.name for resource in action.required] == ["role"]
    assert action.required[0].arn == "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"


def test_actions_and_services_are_found_by_pattern():
    service = DATA.service("sqs")
    assert service is not None
    assert service.actions_like("*MessageMove*") == [
        "CancelMessageMoveTask",
        "ListMessageMoveTasks",
        "StartMessageMoveTask",
    ]
    assert [found.prefix for found in DATA.services_like("kms*")] == ["kms"]


def test_condition_keys_are_found_with_the_names_that_users_give():
    key = DATA.key("S3:ExistingObjectTag/Team")
    assert key is not None
    assert (key.name, key.type) == ("s3:ExistingObjectTag/<key>", "String")
    environment = DATA.key("codebuild:environment.environmentVariables/HOME.value")
    assert environment is not None
    assert environment.multivalued is False
    assert DATA.key("s3:ExistingObjectTag/") is None


def test_global_keys_know_whether_they_have_several_values():
    keys = [DATA.key(name) for name in ("aws:TagKeys", "aws:RequestTag/a", "aws:calledvia")]
    assert [key.multivalued for key in keys if key] == [True, False, True]


def test_an_action_supports_its_own_keys_and_those_of_its_resources():
    action = DATA.action("sqs:SendMessage")
    assert action is not None
    assert action.supports_key("aws:resourcetag/team")
    assert not action.supports_key("s3:prefix")


def test_resources_are_found_by_the_namespace_of_their_arns():
    assert {resource.name for resource in DATA.resources_of("sns")} == {"topic"}
    assert DATA.knows_namespace("cassandra")
    assert not DATA.knows_namespace("nothing")


def test_regions_belong_to_partitions():
    assert DATA.regions["cn-north-1"] == "aws-cn"
    assert "aws-us-gov" in DATA.partitions


def test_every_service_can_be_read_and_every_action_has_a_level():
    levels = {"Read", "List", "Write", "Tagging", "Permissions management"}
    for prefix in DATA.prefixes:
        service = DATA.service(prefix)
        assert service is not None
        found = [service.action(name) for name in service.action_names]
        assert {action.access_level for action in found if action} <= levels
