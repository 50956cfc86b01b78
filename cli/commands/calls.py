"""`haven call`: any RPC from the shell, by server reflection."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer


def call(  # noqa: PLR0913  # one option each
    method: Annotated[
        str, typer.Argument(help="<service>/<method>, or <service> alone to list its methods.")
    ],
    request: Annotated[str, typer.Argument(help="The request as JSON; - reads it.")] = "{}",
    *,
    token: Annotated[str, typer.Option(help="A token; or give the next three.")] = "",
    tenant: str = "",
    subject: str = "",
    role: Annotated[list[str] | None, typer.Option("--role")] = None,
    address: Annotated[str, typer.Option(help="Where, if not the local stack.")] = "",
) -> None:
    """Call one RPC of the local stack; a request_id is filled in where it is missing."""
    import grpc

    from cli.commands.failing import fail
    from cli.commands.tokens import issue
    from cli.reflection import Caller, Refusal

    service, _, name = method.rpartition("/")
    short = (service or name).removeprefix("haven.").split(".")[0]
    with grpc.insecure_channel(address or address_of(short)) as channel:
        caller = Caller(channel)
        if not service:
            typer.echo("\n".join(caller.methods()))
            return
        bearer = token or (issue(tenant, subject, role or []) if tenant else "")
        wanted = method if "." in service else name
        answer = caller.call(wanted, _json(request), bearer)
    if isinstance(answer, Refusal):
        lines = [f"{answer.code} {answer.reason}: {answer.text}", *answer.violations]
        fail("\n  ".join(lines))
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))


def address_of(service: str) -> str:
    """A service's public address on the running local stack; NotFound where none runs."""
    from chassis.errors import NotFound
    from cli.environment import current

    variable = f"HAVEN_{service}_GRPC_ADDRESS".upper()
    if not (address := current().get(variable)):
        raise NotFound("SERVICE_UNKNOWN", f"no {variable}: is the stack up? (make run)")
    return address


def _json(text: str) -> dict[str, Any]:
    from chassis.errors import InvalidArgument

    try:
        request = json.loads(sys.stdin.read() if text == "-" else text)
    except ValueError as error:
        raise InvalidArgument("REQUEST_MALFORMED", f"not JSON: {error}") from error
    if not isinstance(request, dict):
        raise InvalidArgument("REQUEST_MALFORMED", "a request is a JSON object")
    return request
