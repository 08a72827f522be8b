"""The page, published as a website of S3."""

import json
import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy import Deployment


def publish(deployment: "Deployment", built: str, api: str) -> str:
    """Upload what vite built, with the address of the API beside it. Returns the page's URL."""
    s3, names = deployment.client("s3"), deployment.names
    bucket = names.page_bucket
    s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration={
            "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False,
            "RestrictPublicBuckets": False,
        },
    )  # fmt: skip
    s3.put_bucket_policy(Bucket=bucket, Policy=names.policy("page"))
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    folder = Path(built)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        s3.put_object(Bucket=bucket, Key=path.relative_to(folder).as_posix(), Body=path.read_bytes(), ContentType=kind)
    s3.put_object(
        Bucket=bucket, Key="settings.json", Body=json.dumps({"api": api}), ContentType="application/json",
        CacheControl="no-cache",
    )  # fmt: skip
    return f"http://{bucket}.s3-website-{names.region}.{deployment.domain}/"
