"""``plugin.DatabaseService``, a plugin's own tables, and ``viewra.v1.SchemaService``, where they stand."""

from __future__ import annotations

from viewra.codec import checks
from viewra.codec.rpc import Reports, Rpc, action, procedure
from viewra.pb import plugin_pb2 as pb
from viewra.pb import viewra_pb2 as v1
from viewra.services import SERVICES
from viewra.types import SchemaRevision, SchemaState

SERVICE = SERVICES["database"].capability


def _migrate_request(connection_string: str) -> pb.MigrateRequest:
    return pb.MigrateRequest(connection_string=connection_string)


def _rollback_request(connection_string: str) -> pb.RollbackRequest:
    return pb.RollbackRequest(connection_string=connection_string)


def _describe_request(connection_string: str) -> v1.DescribeRequest:
    return v1.DescribeRequest(connection_string=connection_string)


def _state_message(state: SchemaState) -> v1.DescribeResponse:
    revisions = [v1.SchemaRevision(id=one.id, message=one.message, additive=one.additive) for one in state.revisions]
    return v1.DescribeResponse(current=state.current, revisions=revisions)


def _state(message: v1.DescribeResponse) -> SchemaState:
    revisions = [
        SchemaRevision(one.id, one.message, one.additive) for one in checks.within(message.revisions, "revisions")
    ]
    return SchemaState(message.current, tuple(revisions))


def _check_state(value: object) -> SchemaState:
    state = checks.instance(value, "state", SchemaState)
    checks.text(state.current, "current")
    for one in state.revisions:
        checks.text(checks.instance(one, "revisions", SchemaRevision).id, "revisions.id")
        checks.text(one.message, "revisions.message")
        checks.boolean(one.additive, "revisions.additive")
    return state


GET_MODELS: Rpc[[], tuple[str, ...]] = procedure(
    service=SERVICE,
    method="get_models",
    path="/plugin.DatabaseService/GetModels",
    request=pb.GetModelsRequest,
    response=pb.GetModelsResponse,
    encode_args=pb.GetModelsRequest,
    encode_value=lambda names: pb.GetModelsResponse(model_names=names),
    decode_value=lambda message: tuple(checks.within(message.model_names, "model_names")),
    check=lambda value: checks.texts(value, "model_names"),
    idempotent=True,
    plain=True,
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
DESCRIBE: Rpc[[str], SchemaState] = procedure(
    service=SERVICE,
    method="describe",
    path="/viewra.v1.SchemaService/Describe",
    request=v1.DescribeRequest,
    response=v1.DescribeResponse,
    encode_args=_describe_request,
    decode_args=lambda message: (message.connection_string,),
    encode_value=_state_message,
    decode_value=_state,
    check=_check_state,
    reports=Reports.ERROR,
    idempotent=True,
    plain=True,
)
