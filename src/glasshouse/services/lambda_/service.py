"""Lambda: functions that run the user's code, their versions and aliases, layers, permissions, addresses and sources.

Differs from AWS: a function is ready at once (its state changes in a job that is due immediately); settings that need a
network or a file system of AWS's are kept and shown, or refused in words.
"""

from glasshouse.core import Service, Table
from glasshouse.services.lambda_.errors import InvalidParameterValueException
from glasshouse.services.lambda_.finding import Finding
from glasshouse.services.lambda_.records import (
    Alias,
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


class Lambda(Finding, Service):
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
