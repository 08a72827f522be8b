"""Condense AWS's managed policies into the table that services/iam ships.

    python tools/managed_policies.py > src/glasshouse/services/iam/managed_policies.tsv

Reads them from the package `moto` (Apache-2.0), which republishes what AWS's API returns; install it for this script
only. A line: path and name, default version, creation date, document. Very large ones are left out but for those that
accounts commonly attach.
"""

import json
import sys

from moto.iam.aws_managed_policies import aws_managed_policies_data

LARGEST = 6_144
KEPT_ALWAYS = {
    "ReadOnlyAccess",
    "SecurityAudit",
    "PowerUserAccess",
    "AWSConfigRole",
    "AWS_ConfigRole",
    "AmazonSageMakerFullAccess",
}


def main():
    print("# path and name\tdefault version\tcreated\tdocument")
    for name, policy in sorted(json.loads(aws_managed_policies_data).items()):
        document = json.dumps(policy["Document"], separators=(",", ":"), sort_keys=True)
        if len(document) <= LARGEST or name in KEPT_ALWAYS:
            path = policy.get("Path", "/").removeprefix("/")
            print(path + name, policy["DefaultVersionId"], policy["CreateDate"], document, sep="\t")
    return 0


if __name__ == "__main__":
    sys.exit(main())
