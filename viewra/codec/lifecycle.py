"""``plugin.PluginService``: the lifecycle that every plugin has."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import attrs

from viewra.codec import checks
from viewra.codec.rpc import Rpc, action, procedure
from viewra.pb import plugin_pb2 as pb
from viewra.pb import viewra_pb2 as v1
from viewra.types import Health, PluginContext, PluginInfo

SERVICE = "plugin"

_CONTEXT_TEXTS = ("plugin_id", "log_level", "database_url", "base_path", "host_service_addr", "plugin_base_path")
_INFO_LISTS = ("tags", "capabilities")
_INFO_ENTRIES = 64  # what comes after these is left out: it is for people to read
_INFO_TIMES = ("created_at", "updated_at")
_INFO_TEXTS = tuple(field.name for field in attrs.fields(PluginInfo) if field.name not in {*_INFO_LISTS, *_INFO_TIMES})
_INFO_OTHERS = (*_INFO_TEXTS, *_INFO_TIMES)
_texts_of, _others_of = attrgetter(*_CONTEXT_TEXTS), attrgetter(*_INFO_OTHERS)


def _context_message(context: PluginContext) -> pb.InitializeRequest:
    texts = dict(zip(_CONTEXT_TEXTS, _texts_of(context), strict=True))
    number = context.host_broker_id
    return pb.InitializeRequest(context=pb.PluginContext(config=dict(context.config), host_broker_id=number, **texts))


def _context(message: pb.InitializeRequest) -> tuple[PluginContext]:
    texts = dict(zip(_CONTEXT_TEXTS, _texts_of(message.context), strict=True))
    number = message.context.host_broker_id
    return (PluginContext(config=dict(message.context.config), host_broker_id=number, **texts),)


def _info_message(info: PluginInfo) -> pb.InfoResponse:
    return pb.InfoResponse(info=pb.PluginInfo(**attrs.asdict(info, recurse=False)))


def _info(message: pb.InfoResponse) -> PluginInfo:
    lists = {name: getattr(message.info, name)[:_INFO_ENTRIES] for name in _INFO_LISTS}
    others = dict(zip(_INFO_OTHERS, _others_of(message.info), strict=True))
    return PluginInfo(**others, **lists)


def _check_info(value: object) -> PluginInfo:
    info = checks.instance(value, "info", PluginInfo)
    checked: dict[str, Any] = {name: checks.note(getattr(info, name), name) for name in _INFO_TEXTS}
    for name in _INFO_LISTS:
        checked[name] = checks.items(getattr(info, name)[:_INFO_ENTRIES], name, checks.note)
    for name in _INFO_TIMES:
        checked[name] = checks.time(getattr(info, name), name)
    return PluginInfo(**checked)


def _check_health(value: object) -> Health:
    health = checks.instance(value, "health", Health)
    return Health(checks.boolean(health.healthy, "healthy"), checks.note(health.error, "error"))


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
INFO: Rpc[[], PluginInfo] = procedure(
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
HEALTH: Rpc[[], Health] = procedure(
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
APPLY = action(
    SERVICE,
    "/viewra.v1.ConfigService/Apply",
    "apply_settings",
    v1.ApplyRequest,
    v1.ApplyResponse,
    lambda config: v1.ApplyRequest(config=config),
    lambda message: (dict(message.config),),
)
