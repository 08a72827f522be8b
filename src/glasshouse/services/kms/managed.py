"""The keys that AWS manages, one a service, and the policies that come with keys."""

import json

from glasshouse.core.call import partition

MANAGED_PREFIX = "alias/aws/"
# By the name in the alias: what the key protects, as its description says.
MANAGED = {
    "acm": "ACM private keys",
    "backup": "Backup data",
    "cloud9": "Cloud9 environments",
    "codeartifact": "CodeArtifact assets",
    "codebuild": "CodeBuild projects",
    "codecommit": "CodeCommit repositories",
    "codepipeline": "CodePipeline artifacts",
    "connect": "Connect data",
    "dms": "DMS replication instances",
    "docdb": "DocumentDB clusters",
    "dynamodb": "DynamoDB tables",
    "ebs": "EBS volumes",
    "ecr": "ECR repositories",
    "elasticfilesystem": "EFS filesystems",
    "elasticache": "ElastiCache data",
    "es": "Elasticsearch data",
    "firehose": "Firehose streams",
    "fsx": "FSx resources",
    "glue": "Glue data",
    "imagebuilder": "Image Builder resources",
    "inspector2": "Inspector data",
    "kafka": "MSK clusters",
    "kinesis": "Kinesis streams",
    "kinesisvideo": "Kinesis video streams",
    "lambda": "Lambda functions",
    "lightsail": "Lightsail data",
    "logs": "CloudWatch log groups",
    "mq": "MQ data",
    "neptune": "Neptune clusters",
    "quicksight": "QuickSight data",
    "rds": "RDS database volumes",
    "redshift": "Redshift clusters",
    "s3": "S3 objects",
    "secretsmanager": "Secrets Manager data",
    "ses": "SES messages",
    "sns": "SNS data",
    "sqs": "SQS messages",
    "ssm": "SSM parameters",
    "states": "Step Functions data",
    "timestream": "Timestream data",
    "workspaces": "WorkSpaces volumes",
    "xray": "X-Ray data",
}
# Those whose aliases are listed before there are keys behind them.
READY = (
    *("acm", "dynamodb", "ebs", "elasticfilesystem", "es", "glue", "kinesisvideo", "lambda", "rds", "redshift", "s3"),
    *("secretsmanager", "ssm", "xray"),
)


def default_policy(account: str, region: str) -> str:
    """The policy of a key that came without one: the account's own policies decide."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Id": "key-default-1",
            "Statement": [
                {
                    "Sid": "Enable IAM User Permissions",
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:{partition(region)}:iam::{account}:root"},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ],
        },
        indent=2,
        separators=(",", " : "),
    )


def managed_policy(service: str, region: str, account: str) -> str:
    """Everyone of the account, through the service; its metadata also directly."""
    through = {
        "Sid": f"Allow access through {service} for all principals in the account that are authorized to use it",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [
            "kms:Encrypt",
            "kms:Decrypt",
            "kms:ReEncrypt*",
            "kms:GenerateDataKey*",
            "kms:CreateGrant",
            "kms:DescribeKey",
        ],
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "kms:CallerAccount": account,
                "kms:ViaService": f"{service}.{region}.amazonaws.com",
            }
        },
    }
    directly = {
        "Sid": "Allow direct access to key metadata to the account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition(region)}:iam::{account}:root"},
        "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        "Resource": "*",
    }
    document = {"Version": "2012-10-17", "Id": f"auto-{service}-1", "Statement": [through, directly]}
    return json.dumps(document, indent=2, separators=(",", " : "))
