"""A procedure of its own, made in each test: what it does with values, bytes, limits and refusals."""

from __future__ import annotations

from typing import Any

import pytest

from viewra.codec import checks
from viewra.codec.limits import Limits, in_force
from viewra.codec.rpc import InvalidValue, Refusal, Reports, Rpc, action, procedure
from viewra.pb import plugin_pb2 as pb

SMALL = Limits(text_bytes=8, reason_bytes=40, entries=2)  # up to 4 bytes are harmless


def made(reports: Reports = Reports.STATUS, response: Any = pb.GetModelsResponse, **options: Any) -> Rpc[[str], Any]:
    """A procedure from a text to texts."""
    return procedure(
        service="database_service",
        method="get_models",
        path="/plugin.DatabaseService/GetModels",
        request=pb.MigrateRequest,
        response=response,
        encode_args=lambda text: pb.MigrateRequest(connection_string=text),
        decode_args=lambda message: (message.connection_string,),
        encode_value=lambda names: pb.GetModelsResponse(model_names=names),
        decode_value=lambda message: tuple(message.model_names) if response is pb.GetModelsResponse else ("yes",),
        check=lambda value: checks.texts(value, "names"),
        reports=reports,
        **options,
    )


def made_action() -> Rpc[[str], None]:
    return action(
        "database_service",
        "/plugin.DatabaseService/Migrate",
        "migrate",
        pb.MigrateRequest,
        pb.MigrateResponse,
        lambda text: pb.MigrateRequest(connection_string=text),
        lambda message: (message.connection_string,),
    )


def test_its_names() -> None:
    rpc = made()
    assert (rpc.service, rpc.method, rpc.path) == (
        "database_service",
        "get_models",
        "/plugin.DatabaseService/GetModels",
    )
    assert (rpc.wire_service, rpc.wire_method) == ("plugin.DatabaseService", "GetModels")
    assert (rpc.reports, rpc.refuses, rpc.idempotent, rpc.plain) == (Reports.STATUS, False, False, False)
    other = made(Reports.ERROR, refuses=True, idempotent=True, plain=True)
    assert (other.reports, other.refuses, other.idempotent, other.plain) == (Reports.ERROR, True, True, True)


def test_arguments_go_there_and_values_come_back() -> None:
    rpc = made()
    assert rpc.parse_arguments(rpc.arguments("sqlite://")) == ("sqlite://",)
    assert rpc.arguments(text="sqlite://") == rpc.arguments("sqlite://")  # type: ignore[call-arg]
    assert rpc.value(rpc.answer(["a", "b"]), Limits()) == ("a", "b")
    assert rpc.check(["a"]) == ("a",)


def test_without_arguments_there_are_none() -> None:
    options: dict[str, Any] = {"encode_args": pb.GetModelsRequest, "encode_value": lambda _: pb.GetModelsResponse()}
    rpc: Rpc[[], Any] = procedure(
        service="s", method="m", path="/p.S/M", request=pb.GetModelsRequest, response=pb.GetModelsResponse,
        decode_value=lambda _: (), check=lambda value: value, **options,
    )  # fmt: skip
    assert rpc.parse_arguments(rpc.arguments()) == ()
    assert made_action().parse_arguments(made_action().arguments("x")) == ("x",)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rpc: rpc.arguments("\udcff"), r"get_models: '\\udcff' is not UTF-8, which this call needs"),
        (lambda rpc: rpc.parse_arguments(b"\xff"), "/plugin.DatabaseService/GetModels: the request is not a Migrate"),
        (lambda rpc: rpc.value(b"\xff", SMALL), "/plugin.DatabaseService/GetModels: the answer is not a GetModels"),
        (lambda rpc: rpc.answer("text"), "names: must be a list, not str"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(call: Any, message: str) -> None:
    with pytest.raises(InvalidValue, match=f"^{message}"):
        call(made())


def test_an_answer_that_only_its_encoder_refuses() -> None:
    rpc: Rpc[[str], Any] = procedure(
        service="s", method="m", path="/p.S/M", request=pb.MigrateRequest, response=pb.MigrateResponse,
        encode_args=lambda text: pb.MigrateRequest(connection_string=text),
        encode_value=lambda value: pb.MigrateResponse(error=value), decode_value=lambda _: None,
        check=lambda value: value,
    )  # fmt: skip
    with pytest.raises(InvalidValue, match=r"^m: '\\udcff' is not UTF-8$"):
        rpc.answer("\udcff")


def test_an_answer_is_checked_by_the_hosts_limits_and_only_by_them() -> None:
    rpc = made()
    assert rpc.value(rpc.answer(["123456789"]), Limits()) == ("123456789",)
    with pytest.raises(InvalidValue, match=r"^names\[0\]: has 9 bytes"):
        rpc.value(rpc.answer(["123456789"]), SMALL)
    with pytest.raises(InvalidValue, match="names: has more than 2"):
        rpc.value(rpc.answer(["a", "b", "c"]), SMALL)


@pytest.mark.parametrize(("text", "checked"), [("12", 0), ("123", 1)])
def test_a_plain_answer_of_harmless_size_is_not_checked(text: str, checked: int) -> None:
    calls: list[object] = []
    rpc: Rpc[[str], Any] = procedure(
        service="s", method="m", path="/p.S/M", request=pb.MigrateRequest, response=pb.GetModelsResponse,
        encode_args=lambda text: pb.MigrateRequest(connection_string=text),
        encode_value=lambda names: pb.GetModelsResponse(model_names=names),
        decode_value=lambda message: tuple(message.model_names), check=calls.append, plain=True,
    )  # fmt: skip
    data = pb.GetModelsResponse(model_names=[text]).SerializeToString()
    assert len(data) == 2 + len(text)
    assert (rpc.value(data, SMALL), len(calls)) == (None if checked else (text,), checked)


def test_an_answer_that_is_not_harmless_is_decoded_and_checked_at_once_by_the_limits() -> None:
    def decoded(message: pb.GetModelsResponse) -> tuple[int, ...]:
        return (len(message.model_names), in_force().entries)

    rpc = made(plain=True, decode_and_check=decoded)
    assert rpc.value(rpc.answer(["a", "b", "c"]), SMALL) == (3, 2)
    assert rpc.value(rpc.answer(["12"]), SMALL) == ("12",)


@pytest.mark.parametrize(
    ("reports", "response", "refused"),
    [
        (Reports.SUCCESS, pb.MigrateResponse(success=True), None),
        (Reports.SUCCESS, pb.MigrateResponse(), "it reported failure and gave no reason"),
        (Reports.SUCCESS, pb.MigrateResponse(error="no"), "no"),
        (Reports.SUCCESS, pb.MigrateResponse(success=True, error="no"), "no"),
        (Reports.SUCCESS, pb.MigrateResponse(error="n" * 41), "n" * 17 + " [cut: 41 bytes in all]"),
        (Reports.ERROR, pb.MigrateResponse(), None),
        (Reports.ERROR, pb.MigrateResponse(success=True), None),
        (Reports.ERROR, pb.MigrateResponse(error="no"), "no"),
        (Reports.STATUS, pb.MigrateResponse(error="no"), None),
    ],
)
def test_which_answers_are_refusals(reports: Reports, response: pb.MigrateResponse, refused: str | None) -> None:
    rpc = made(reports, pb.MigrateResponse)
    if refused is None:
        assert rpc.value(response.SerializeToString(), SMALL) == ("yes",)
    else:
        with pytest.raises(Refusal) as told:
            rpc.value(response.SerializeToString(), SMALL)
        assert str(told.value) == refused


def test_a_failure_is_an_answer_where_the_response_has_room_for_it() -> None:
    assert made().failure("no") is None
    for reports in (Reports.ERROR, Reports.SUCCESS):
        data = made(reports, pb.MigrateResponse).failure("no")
        assert data is not None
        assert pb.MigrateResponse.FromString(data) == pb.MigrateResponse(error="no")


def test_an_action_returns_nothing() -> None:
    rpc = made_action()
    assert (rpc.service, rpc.method, rpc.path) == ("database_service", "migrate", "/plugin.DatabaseService/Migrate")
    assert (rpc.reports, rpc.plain, rpc.idempotent, rpc.refuses) == (Reports.SUCCESS, True, False, False)
    assert pb.MigrateResponse.FromString(rpc.answer(None)) == pb.MigrateResponse(success=True)
    assert rpc.value(rpc.answer(None), Limits()) is None
    with pytest.raises(Refusal, match=r"^no$"):
        rpc.value(rpc.failure("no") or b"", Limits())
    with pytest.raises(InvalidValue, match=r"^result: must be None, not int$"):
        rpc.answer(0)
    assert InvalidValue("field", "problem").field == "field"
    assert InvalidValue("field", "problem").problem == "problem"
