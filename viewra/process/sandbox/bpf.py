"""A small assembler for seccomp filters: rules for system calls become the kernel's instructions.

Each instruction is the kernel's ``struct sock_filter`` (linux/filter.h), and reads from ``struct seccomp_data``
(linux/seccomp.h): the number of the call at 0, the architecture at 4, the arguments from 16 on, 8 bytes each.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import attrs

ALLOW = 0x7FFF0000
KILL = 0x80000000
TELL = 0x7FC00000
"""The verdict that lets the process with the listener decide."""
_ERRNO = 0x00050000

_LOAD, _JUMP_EQUAL, _JUMP_ABOVE, _JUMP_ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x54, 0x06
_instruction = struct.Struct("=HBBI").pack
"""Code, instructions to skip if true and if false, value."""
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16

OWN_PID = 0xFFFFFFFE
"""Stands for the process's own id in a condition; the launcher replaces it. No process has this number."""


def refuse(errno: int) -> int:
    """The verdict that fails a call with ``errno``."""
    return _ERRNO | errno


@attrs.frozen
class Argument:
    """A condition on the lower 32 bits of argument ``index`` after ``mask``: one of ``values``, or any bit of ``bits``.

    ``unless`` negates it.
    """

    index: int
    values: tuple[int, ...] = ()
    mask: int = 0xFFFFFFFF
    bits: int = 0
    unless: bool = False


@attrs.frozen
class Rule:
    """``verdict`` for the call ``number`` if all of ``arguments`` hold. The first matching rule decides."""

    number: int
    verdict: int
    arguments: tuple[Argument, ...] = ()


def assemble(audit: int, foreign_bit: int, newest: int, beyond: int, rules: Sequence[Rule]) -> bytes:
    """The filter. It kills a process that uses another architecture's numbers, and allows calls without a rule.

    Calls above ``newest`` get the verdict ``beyond``.
    """
    parts = [
        _instruction(_LOAD, 0, 0, _ARCHITECTURE_AT),
        _instruction(_JUMP_EQUAL, 1, 0, audit),
        _instruction(_RETURN, 0, 0, KILL),
        _instruction(_LOAD, 0, 0, _NUMBER_AT),
    ]
    if foreign_bit:
        parts += [_instruction(_JUMP_ANY_BIT, 0, 1, foreign_bit), _instruction(_RETURN, 0, 0, KILL)]
    parts += [_instruction(_JUMP_ABOVE, 0, 1, newest), _instruction(_RETURN, 0, 0, beyond)]
    parts += [_rule(rule) for rule in rules]
    parts.append(_instruction(_RETURN, 0, 0, ALLOW))
    return b"".join(parts)


def _rule(rule: Rule) -> bytes:
    """The instructions of one rule. If a condition fails, they jump behind it and load the number again."""
    if not rule.arguments:
        return _instruction(_JUMP_EQUAL, 0, 1, rule.number) + _instruction(_RETURN, 0, 0, rule.verdict)
    body = _instruction(_RETURN, 0, 0, rule.verdict)
    for argument in reversed(rule.arguments):
        body = _condition(argument, len(body) // 8) + body
    length = len(body) // 8
    return _instruction(_JUMP_EQUAL, 0, length + 1, rule.number) + body + _instruction(_LOAD, 0, 0, _NUMBER_AT)


def _condition(argument: Argument, behind: int) -> bytes:
    """Continue if the condition holds, else skip the ``behind`` instructions after it."""
    loads = _instruction(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * argument.index)
    if argument.mask != 0xFFFFFFFF:
        loads += _instruction(_AND, 0, 0, argument.mask)
    if argument.bits:
        yes, no = (behind, 0) if argument.unless else (0, behind)
        return loads + _instruction(_JUMP_ANY_BIT, yes, no, argument.bits)
    tests = b""
    for left, value in zip(range(len(argument.values) - 1, -1, -1), argument.values, strict=True):
        if argument.unless:
            tests += _instruction(_JUMP_EQUAL, left + behind, 0, value)
        else:
            tests += _instruction(_JUMP_EQUAL, left, 0 if left else behind, value)
    return loads + tests
