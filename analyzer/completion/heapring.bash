# bash completion for heapring: asks `heapring options`, so it never goes stale
_heapring() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} name letter value help words=""

	if ((COMP_CWORD == 1)); then
		words=$(heapring options 2>/dev/null | cut -f1)
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		return
	fi
	while IFS=$'\t' read -r name letter value help; do
		if [[ $value != - && ($prev == "--$name" || $prev == "-$letter") ]]; then
			if [[ $value == *"|"* ]]; then
				mapfile -t COMPREPLY < <(compgen -W "${value//|/ }" -- "$cur")
			else
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			fi
			return
		fi
		((${#name} > 1)) && words+=" --$name"
		[[ $letter != - ]] && words+=" -$letter"
	done < <(heapring options "$command" 2>/dev/null)
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	else
		words=$(cd "${HEAPRING_DIR:-/dev/shm}" 2>/dev/null && ls -d heapring.*.* 2>/dev/null |
			cut -d. -f2)
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur"; compgen -f -- "$cur")
	fi
}
complete -o filenames -F _heapring heapring
