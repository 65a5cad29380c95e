"""``viewra completion bash|zsh|fish``."""

from __future__ import annotations

import click

from viewra.cli._completion import VARIABLE
from viewra.cli._output import print_lines


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script with which a shell completes viewra's commands, options, plugins, libraries and fields.

    Have it read at the shell's start: eval "$(viewra completion bash)" in ~/.bashrc, eval "$(viewra completion zsh)"
    in ~/.zshrc behind compinit, and viewra completion fish | source in ~/.config/fish/config.fish.
    """
    print_lines(_SCRIPTS[shell].replace("@VARIABLE@", VARIABLE))


# A colon ends a word for bash: what stands before it in the typed word is on the line already.
_BASH = r"""_viewra_completion() {
    local kind word help line="${COMP_LINE:0:COMP_POINT}" typed before=""
    typed="${line##*[[:space:]]}"
    if [[ $COMP_WORDBREAKS == *:* && $typed == *:* ]]; then
        before="${typed%"${typed##*:}"}"
    fi
    COMPREPLY=()
    while IFS=$'\t' read -r kind word help; do
        case $kind in
            file) compopt -o bashdefault -o default ;;
            dir) compopt -o dirnames ;;
            open) compopt -o nospace; COMPREPLY+=("${word#"$before"}") ;;
            path) compopt -o filenames; COMPREPLY+=("${word#"$before"}") ;;
            *) COMPREPLY+=("${word#"$before"}") ;;
        esac
    done < <(@VARIABLE@="$line" "${1/#\~/$HOME}" 2>/dev/null)
}
complete -o nosort -F _viewra_completion viewra
"""

_ZSH = r"""#compdef viewra
_viewra() {
    local kind word help line="${(j: :)words[1,CURRENT-1]} $PREFIX"
    local -a plain shown open
    while IFS=$'\t' read -r kind word help; do
        case $kind in
            file) _files ;;
            dir) _files -/ ;;
            open) open+=("$word") ;;
            *) plain+=("$word"); shown+=("${word}${help:+  -- $help}") ;;
        esac
    done < <(@VARIABLE@="$line" ${~words[1]} 2>/dev/null)
    (( $#open )) && compadd -V viewra -S '' -a open
    (( $#plain )) && compadd -V viewra -l -d shown -a plain
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _viewra "$@"
else
    compdef _viewra viewra
fi
"""

_FISH = r"""function _viewra_completion
    set -l tokens (commandline -opc)
    for item in (env @VARIABLE@=(commandline -cp | string collect) \
            (string replace --regex '^~' $HOME -- $tokens[1]) 2>/dev/null)
        set -l part (string split \t -- $item)
        switch $part[1]
            case file
                __fish_complete_path (commandline -ct)
            case dir
                __fish_complete_directories (commandline -ct)
            case '*'
                printf '%s\t%s\n' $part[2] $part[3]
        end
    end
end
complete --command viewra --no-files --keep-order --arguments '(_viewra_completion)'
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
