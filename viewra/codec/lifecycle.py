"""``plugin.PluginService``: the lifecycle that every plugin has."""

from __future__ import annotations

import attrs

from viewra.codec import checks
from viewra.codec.rpc import InvalidValue, Rpc, action
from viewra.pb import plugin_pb2 as pb
from viewra.pb import viewra_pb2 as v1
from viewra.types import Health, PluginContext, PluginInfo

SERVICE = "plugin"

_CONTEXT_TEXTS = ("plugin_id", "log_level", "database_url", "base_path", "host_service_addr", "plugin_base_path")
_INFO_LISTS = ("tags", "capabilities")
_INFO_TIMES = ("created_at", "updated_at")
_INFO_TEXTS = tuple(field.name for field in attrs.fields(PluginInfo) if field.name not in {*_INFO_LISTS, *_INFO_TIMES})


def _context_message(context: PluginContext) -> pb.InitializeRequest:
    texts = {name: getattr(context, name) for name in _CONTEXT_TEXTS}
    return pb.InitializeRequest(context=pb.PluginContext(config=dict(context.config), **texts))


def _context(message: pb.InitializeRequest) -> tuple[PluginContext]:
    texts = {name: getattr(message.context, name) for name in _CONTEXT_TEXTS}
    return (PluginContext(config=dict(message.context.config), **texts),)


def _info_message(info: PluginInfo) -> pb.InfoResponse:
    return pb.InfoResponse(info=pb.PluginInfo(**attrs.asdict(info, recurse=False)))


def _info(message: pb.InfoResponse) -> PluginInfo:
    return PluginInfo(**{field.name: getattr(message.info, field.name) for field in attrs.fields(PluginInfo)})


def _check_info(value: object) -> PluginInfo:
    info = checks.instance(value, "info", PluginInfo)
    for name in _INFO_TEXTS:
        checks.text(getattr(info, name), name)
    for name in _INFO_LISTS:
        checks.texts(getattr(info, name), name)
    for name in _INFO_TIMES:
        if not isinstance(getattr(info, name), int):
            raise InvalidValue(name, "must be a whole number of seconds since the epoch")
    return info


def _check_health(value: object) -> Health:
    health = checks.instance(value, "health", Health)
    return Health(checks.boolean(health.healthy, "healthy"), checks.text(health.error, "error"))


def _renew_message(seconds: int) -> v1.RenewRequest:
    return v1.RenewRequest(seconds=checks.uint32(seconds, "seconds"))


INITIALIZE = action(
    SERVICE,
    "/plugin.PluginService/Initialize",
    "initialize",
    pb.InitializeRequest,
    pb.InitializeResponse,
    _context_message,
    _context,
)
START = action(SERVICE, "/plugin.PluginService/Start", "start", pb.StartRequest, pb.StartResponse, pb.StartRequest)
STOP = action(SERVICE, "/plugin.PluginService/Stop", "stop", pb.StopRequest, pb.StopResponse, pb.StopRequest)
INFO: Rpc[[], PluginInfo] = Rpc(
    service=SERVICE,
    method="info",
    path="/plugin.PluginService/Info",
    request=pb.InfoRequest,
    response=pb.InfoResponse,
    encode_args=pb.InfoRequest,
    encode_value=_info_message,
    decode_value=_info,
    check=_check_info,
    plain=True,
)
HEALTH: Rpc[[], Health] = Rpc(
    service=SERVICE,
    method="health",
    path="/plugin.PluginService/Health",
    request=pb.HealthRequest,
    response=pb.HealthResponse,
    encode_args=pb.HealthRequest,
    encode_value=lambda health: pb.HealthResponse(healthy=health.healthy, error=health.error),
    decode_value=lambda message: Health(message.healthy, message.error),
    check=_check_health,
    plain=True,
)
QUIESCE = action(
    SERVICE,
    "/viewra.v1.LifecycleService/Quiesce",
    "quiesce",
    v1.QuiesceRequest,
    v1.QuiesceResponse,
    v1.QuiesceRequest,
)
RENEW = action(
    SERVICE,
    "/viewra.v1.LifecycleService/Renew",
    "renew",
    v1.RenewRequest,
    v1.RenewResponse,
    _renew_message,
    lambda message: (message.seconds,),
)
