"""KMS: keys that never leave, and what is done with them.

Material lies sealed under the data directory's root key. Facts: `KeyRotated`, `KeyDeleted` and
`ImportedKeyMaterialExpired`, which EventBridge tells as "KMS CMK Rotation", "KMS CMK Deletion" and "KMS Imported Key
Material Expiration".

Differs from AWS: nothing is eventually consistent, so replicas are enabled and on-demand rotations are done when the
request is answered; custom key stores, Nitro enclaves (Recipient), keys shared by RAM, GetKeyLastUsage, SM2, ML-KEM-512
and ED25519_PH_SHA_512 are refused.
"""

from glasshouse.core import Service, Table
from glasshouse.services.kms.access import Access
from glasshouse.services.kms.aliases import Aliases
from glasshouse.services.kms.deletion import Deletion
from glasshouse.services.kms.encryption import Encryption
from glasshouse.services.kms.errors import InvalidMarkerException
from glasshouse.services.kms.finding import Finding
from glasshouse.services.kms.grants import Grants
from glasshouse.services.kms.imports import Imports
from glasshouse.services.kms.keys import Keys
from glasshouse.services.kms.records import Alias, Family, Grant, Key, Material
from glasshouse.services.kms.regions import Regions
from glasshouse.services.kms.rotation import Rotation
from glasshouse.services.kms.signing import Signing


class Kms(
    Keys, Aliases, Encryption, Signing, Rotation, Imports, Deletion, Grants, Regions, Access, Finding, Service
):  # fmt: skip
    name = "kms"
    invalid_page_token = InvalidMarkerException
    keys = Table(Key, key="key_id")
    materials = Table(Material, key=("key_id", "number"))
    aliases = Table(Alias, key="alias_name")
    grants = Table(Grant, key=("key_id", "grant_id"))
    families = Table(Family, key="key_id", scope="account")
