"""``plugin.DatabaseService``: a plugin's own tables."""

from __future__ import annotations

from viewra.codec import checks
from viewra.codec.rpc import Rpc, action
from viewra.pb import plugin_pb2 as pb

SERVICE = "database_service"


def _migrate_request(connection_string: str) -> pb.MigrateRequest:
    return pb.MigrateRequest(connection_string=connection_string)


def _rollback_request(connection_string: str) -> pb.RollbackRequest:
    return pb.RollbackRequest(connection_string=connection_string)


GET_MODELS: Rpc[[], tuple[str, ...]] = Rpc(
    service=SERVICE,
    method="get_models",
    path="/plugin.DatabaseService/GetModels",
    request=pb.GetModelsRequest,
    response=pb.GetModelsResponse,
    encode_args=pb.GetModelsRequest,
    encode_value=lambda names: pb.GetModelsResponse(model_names=names),
    decode_value=lambda message: message.model_names,
    check=lambda value: checks.texts(value, "model_names"),
)
MIGRATE = action(
    SERVICE,
    "/plugin.DatabaseService/Migrate",
    "migrate",
    pb.MigrateRequest,
    pb.MigrateResponse,
    _migrate_request,
    lambda message: (message.connection_string,),
)
ROLLBACK = action(
    SERVICE,
    "/plugin.DatabaseService/Rollback",
    "rollback",
    pb.RollbackRequest,
    pb.RollbackResponse,
    _rollback_request,
    lambda message: (message.connection_string,),
)
