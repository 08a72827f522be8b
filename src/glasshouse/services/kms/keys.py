"""Keys: made, described, listed, enabled and disabled, tagged, with their policies; and their aliases."""

from glasshouse.core import NotSupported, ids
from glasshouse.core import tags as tag_lists
from glasshouse.core.errors import ValidationException
from glasshouse.services.kms import material, specs
from glasshouse.services.kms.access import check_policy
from glasshouse.services.kms.errors import (
    KMSInvalidStateException,
    NotFoundException,
    TagException,
)
from glasshouse.services.kms.managed import default_policy
from glasshouse.services.kms.records import Family, Key

MOST_TAGS = 50
POLICY_NAME = "default"


class Keys:
    """The operations on keys as such."""

    def create_key(
        self,
        policy: str | None = None,
        description: str = "",
        key_usage: str | None = None,
        customer_master_key_spec: str | None = None,
        key_spec: str | None = None,
        origin: str = "AWS_KMS",
        bypass_policy_lockout_safety_check: bool = False,
        tags: list[dict] | None = None,
        multi_region: bool = False,
    ):
        if key_spec and customer_master_key_spec:
            raise ValidationException("You cannot specify KeySpec and CustomerMasterKeySpec in the same request.")
        spec = key_spec or customer_master_key_spec or specs.SYMMETRIC
        usage = specs.check_usage(spec, key_usage)
        if origin not in ("AWS_KMS", "EXTERNAL"):
            raise NotSupported(f"kms:CreateKey Origin {origin}: custom key stores are not supported by Glasshouse yet")
        text = policy or default_policy(self.call.account, self.call.region)
        key = self._make(spec, usage, text, description, origin=origin, multi_region=multi_region)
        if policy:
            check_policy(policy, self.call.principal, key, bypass_policy_lockout_safety_check)
        self._tag(key, tags or [])
        self.state("KeyAccessChanged", arn=key.arn)
        return {"KeyMetadata": self._metadata(key)}

    def describe_key(self, key_id: str, grant_tokens: list[str] | None = None):
        self._check_grant_tokens(grant_tokens)
        key = self._key(key_id, aliases=True)
        self._check_foreign(key, "DescribeKey")
        return {"KeyMetadata": self._metadata(key)}

    def list_keys(self, limit: int = 100, marker: str | None = None, resource_owners: list[str] | None = None):
        if resource_owners and resource_owners != ["SELF"]:
            raise NotSupported("kms:ListKeys ResourceOwners: keys shared by RAM are not supported by Glasshouse yet")
        page = self.keys.page(limit, marker)
        return self._listed(page, "Keys", [{"KeyId": key.key_id, "KeyArn": key.arn} for key in page.records])

    def update_key_description(self, key_id: str, description: str):
        key = self._own_key(key_id, "UpdateKeyDescription")
        key.description = description
        self._put(key)

    def enable_key(self, key_id: str):
        key = self._own_key(key_id, "EnableKey")
        self._check_has_material(key)
        key.key_state = "Enabled"
        self._put(key)
        self._catch_up_rotation(key)

    def disable_key(self, key_id: str):
        key = self._own_key(key_id, "DisableKey")
        self._check_has_material(key)
        key.key_state = "Disabled"
        self._put(key)

    # Policies

    def put_key_policy(
        self,
        key_id: str,
        policy: str,
        policy_name: str = POLICY_NAME,
        bypass_policy_lockout_safety_check: bool = False,
    ):
        if policy_name == "AWS_RAM":
            raise ValidationException("The AWS_RAM policy can only be managed by the RAM service.")
        self._check_policy_name(policy_name)
        key = self._key(key_id)
        if key.is_managed or key.aws_account_id != self.call.account:
            raise self._refusal(key, "PutKeyPolicy")
        check_policy(policy, self.call.principal, key, bypass_policy_lockout_safety_check)
        key.policy = policy
        self._put(key)
        self.state("KeyAccessChanged", arn=key.arn)

    def get_key_policy(self, key_id: str, policy_name: str = POLICY_NAME):
        key = self._key(key_id)
        self._check_foreign(key, "GetKeyPolicy")
        self._check_policy_name(policy_name)
        return {"Policy": key.policy, "PolicyName": POLICY_NAME}

    def list_key_policies(self, key_id: str, limit: int = 100, marker: str | None = None):
        self._check_foreign(self._key(key_id), "ListKeyPolicies")
        return {"PolicyNames": [POLICY_NAME], "Truncated": False}

    # Tags

    def tag_resource(self, key_id: str, tags: list[dict]):
        self._tag(self._own_key(key_id, "TagResource"), tags)

    def untag_resource(self, key_id: str, tag_keys: list[str]):
        self.cloud.tags.remove(self._own_key(key_id, "UntagResource").arn, tag_keys)

    def list_resource_tags(self, key_id: str, limit: int = 50, marker: str | None = None):
        key = self._key(key_id)
        self._check_foreign(key, "ListResourceTags")
        return {"Tags": self._tags_of(key), "Truncated": False}

    # Within

    def _make(
        self,
        spec: str,
        usage: str,
        policy: str,
        description: str,
        origin: str = "AWS_KMS",
        multi_region: bool = False,
        manager: str = "CUSTOMER",
    ) -> Key:
        """A new key, with its material unless that is to be imported."""
        key_id = f"mrk-{ids.token(32, ids.HEX)}" if multi_region else ids.uuid()
        key = Key(
            key_id=key_id,
            arn=self.call.arn(f"key/{key_id}"),
            aws_account_id=self.call.account,
            region=self.call.region,
            creation_date=self.now,
            description=description,
            key_spec=spec,
            key_usage=usage,
            origin=origin,
            policy=policy,
            key_manager=manager,
            multi_region=multi_region,
        )
        if multi_region:
            self.families.put(Family(key_id, self.call.region))
        if origin == "EXTERNAL":
            key.key_state = "PendingImport"
        else:
            key.current = 1
            self._keep_material(key, 1, material.make(spec))
        return self._put(key)

    def _metadata(self, key: Key) -> dict:
        """KeyMetadata, in the names of Python."""
        shown = {
            **vars(key),
            "enabled": key.key_state == "Enabled",
            "customer_master_key_spec": key.key_spec,
            specs.MEMBERS[key.key_usage]: list(specs.algorithms(key.key_spec, key.key_usage)),
        }
        current = self._materials(key).get(key.key_id, key.current) if key.current else None
        if current and current.sealed:
            shown |= {"expiration_model": current.expiration_model, "valid_to": self._valid_to(key)}
            shown["current_key_material_id"] = current.key_material_id if key.is_symmetric else None
        family = self._family(key)
        if family:
            shown["multi_region_configuration"] = {
                "MultiRegionKeyType": "PRIMARY" if family.primary == key.region else "REPLICA",
                "PrimaryKey": self._place(key, family.primary),
                "ReplicaKeys": [self._place(key, region) for region in family.replicas],
            }
        return shown

    def _valid_to(self, key: Key) -> float | None:
        """The earliest end of the material that belongs to the key for good."""
        kept = self._materials(key).list(key.key_id)
        ends = [one.valid_to for one in kept if one.valid_to and not one.key_material_state.startswith("PENDING")]
        return min(ends, default=None)

    @staticmethod
    def _place(key: Key, region: str) -> dict:
        return {"Arn": key.arn.replace(f":{key.region}:", f":{region}:", 1), "Region": region}

    @staticmethod
    def _check_has_material(key: Key):
        if key.key_state == "PendingImport":
            raise KMSInvalidStateException(f"{key.arn} is pending import.")

    @staticmethod
    def _check_policy_name(name: str):
        if name != POLICY_NAME:
            raise NotFoundException("No such policy exists")

    def _tag(self, key: Key, tags: list[dict]):
        added = tag_lists.from_list(tags, "TagKey", "TagValue")
        if len(added) < len(tags):
            raise TagException("Duplicate tag keys")
        if any(name.lower().startswith("aws:") for name in added):
            raise TagException("Tags beginning with aws: are reserved")
        if len(self.cloud.tags.of(key.arn).keys() | added.keys()) > MOST_TAGS:
            raise TagException("Too many tags")
        self.cloud.tags.add(key.arn, added)

    def _tags_of(self, key: Key) -> list[dict[str, str]]:
        return tag_lists.to_list(self.cloud.tags.of(key.arn), "TagKey", "TagValue")
