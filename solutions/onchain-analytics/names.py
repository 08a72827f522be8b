"""The names of everything that the deployment makes: all of them begin with its prefix."""

from dataclasses import dataclass
from pathlib import Path
from string import Template

HERE = Path(__file__).parent
METRICS = ("wallets", "tokens", "transactions")
FUNCTIONS = ("transform", "load", "set-aside", "reprocess", *METRICS)
STAGE = "live"
INDEX = "metrics"
DATA, FAILED = "transfers/", "failed/"


@dataclass(frozen=True)
class Names:
    """In one account and region. Buckets are named for both, since their names are the world's."""

    prefix: str
    account: str
    region: str

    @property
    def stream(self) -> str:
        return f"{self.prefix}-transfers"

    @property
    def delivery(self) -> str:
        return f"{self.prefix}-delivery"

    @property
    def table(self) -> str:
        return f"{self.prefix}-transfers"

    @property
    def queue(self) -> str:
        return f"{self.prefix}-objects"

    @property
    def dead_letters(self) -> str:
        return f"{self.prefix}-objects-not-loaded"

    @property
    def api(self) -> str:
        return f"{self.prefix}-metrics"

    @property
    def data_bucket(self) -> str:
        return self._bucket("transfers")

    @property
    def failed_bucket(self) -> str:
        return self._bucket("failed")

    @property
    def page_bucket(self) -> str:
        return self._bucket("page")

    @property
    def buckets(self) -> tuple[str, ...]:
        return self.data_bucket, self.failed_bucket, self.page_bucket

    @property
    def roles(self) -> dict[str, str]:
        """The document that says what a role may do, by what the role is for."""
        functions = {function: "metric" if function in METRICS else function for function in FUNCTIONS}
        return {**functions, "delivery": "delivery", "producer": "producer", "api": "api"}

    @property
    def log_groups(self) -> tuple[str, ...]:
        functions = (f"/aws/lambda/{self.prefix}-{function}" for function in FUNCTIONS)
        return (*functions, self.delivery_log, self.access_log)

    @property
    def delivery_log(self) -> str:
        return f"/aws/kinesisfirehose/{self.delivery}"

    @property
    def access_log(self) -> str:
        return f"/aws/apigateway/{self.api}"

    @property
    def boundary(self) -> str:
        return self.arn("iam", f"policy/{self.prefix}-boundary")

    @property
    def dimensions(self) -> dict[str, str]:
        """What scales of the table, as application-autoscaling names it: (dimension: resource)."""
        table, index = f"table/{self.table}", f"table/{self.table}/index/{INDEX}"
        return {
            "dynamodb:table:ReadCapacityUnits": table, "dynamodb:table:WriteCapacityUnits": table,
            "dynamodb:index:ReadCapacityUnits": index, "dynamodb:index:WriteCapacityUnits": index,
        }  # fmt: skip

    def function(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    def role(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    def arn(self, service: str, resource: str) -> str:
        region = "" if service == "iam" else self.region
        return f"arn:aws:{service}:{region}:{self.account}:{resource}"

    def policy(self, document: str, function: str = "") -> str:
        """A policy of the folder `policies`, for this deployment."""
        text = Template((HERE / "policies" / f"{document}.json").read_text())
        return text.safe_substitute(
            prefix=self.prefix, account=self.account, region=self.region, function=function,
            data_bucket=self.data_bucket, failed_bucket=self.failed_bucket, page_bucket=self.page_bucket,
        )  # fmt: skip

    def _bucket(self, what: str) -> str:
        return f"{self.prefix}-{what}-{self.account}-{self.region}"
