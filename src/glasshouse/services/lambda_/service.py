"""Lambda: functions that run the user's code, their versions and aliases, layers, permissions, addresses and sources.

Differs from AWS: a function is ready at once (its state changes in a job that is due immediately); settings that need a
network or a file system of AWS's are kept and shown, or refused in words. SnapStart takes no snapshots: a version that
has it starts as any other does.
"""

from glasshouse.core import Service, Table
from glasshouse.services.lambda_.aliases import Aliases
from glasshouse.services.lambda_.asynchronous import Asynchronous
from glasshouse.services.lambda_.code_signing import CodeSigning
from glasshouse.services.lambda_.concurrency import Concurrency
from glasshouse.services.lambda_.configuring import Configuring
from glasshouse.services.lambda_.delivering_streams import StreamDelivering
from glasshouse.services.lambda_.errors import InvalidParameterValueException
from glasshouse.services.lambda_.finding import Finding
from glasshouse.services.lambda_.functions import Functions
from glasshouse.services.lambda_.invoke_config import InvokeConfigs
from glasshouse.services.lambda_.invoking import Invoking
from glasshouse.services.lambda_.layer_permissions import LayerPermissions
from glasshouse.services.lambda_.layers import Layers
from glasshouse.services.lambda_.mapping_records import Mapping, Position
from glasshouse.services.lambda_.mappings import Mappings
from glasshouse.services.lambda_.packages import Packages
from glasshouse.services.lambda_.permissions import Permissions
from glasshouse.services.lambda_.polling import Polling
from glasshouse.services.lambda_.polling_queues import QueuePolling
from glasshouse.services.lambda_.polling_streams import StreamPolling
from glasshouse.services.lambda_.public_layers import PublicLayers
from glasshouse.services.lambda_.records import (
    Alias,
    CodeSigningConfig,
    Configuration,
    EventInvokeConfig,
    Function,
    FunctionUrl,
    LayerName,
    LayerVersion,
    Policy,
    ProvisionedConcurrency,
    UrlAddress,
)
from glasshouse.services.lambda_.serving import Serving
from glasshouse.services.lambda_.settings import Settings
from glasshouse.services.lambda_.urls import Urls
from glasshouse.services.lambda_.variables import Variables
from glasshouse.services.lambda_.versions import Versions


class Lambda(
    Invoking, Asynchronous, Concurrency,
    Functions, Versions, Aliases, Layers, LayerPermissions, PublicLayers, Permissions, InvokeConfigs, Urls, Serving,
    Mappings, Polling, QueuePolling, StreamPolling, StreamDelivering, Settings, CodeSigning, Configuring, Variables,
    Packages, Finding, Service,
):  # fmt: skip
    name = "lambda"
    invalid_page_token = InvalidParameterValueException
    functions = Table(Function, key="name")
    configurations = Table(Configuration, key=("function_name", "number"))
    aliases = Table(Alias, key=("function_name", "name"))
    policies = Table(Policy, key=("function_name", "qualifier"))
    layers = Table(LayerName, key="layer_name")
    layer_versions = Table(LayerVersion, key=("layer_name", "version"))
    invoke_configs = Table(EventInvokeConfig, key=("function_name", "qualifier"))
    provisioned = Table(ProvisionedConcurrency, key=("function_name", "qualifier"))
    urls = Table(FunctionUrl, key=("function_name", "qualifier"))
    addresses = Table(UrlAddress, key="url_id", scope="cloud")
    code_signing_configs = Table(CodeSigningConfig, key="code_signing_config_id")
    mappings = Table(Mapping, key="uuid")
    positions = Table(Position, key=("uuid", "shard_id"))
