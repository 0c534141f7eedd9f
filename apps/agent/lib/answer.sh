# Answers: read_answer puts the lines of the farm's answer into A_ variables. It fails if the answer is incomplete.

clear_answer() {
	ERR='' ERR_TEXT='' A_arch='' A_artifact='' A_attempt='' A_branch='' A_cache='' A_caches='' A_cancel='' A_chunk='' A_claim='' A_credential=''
	A_filemax='' A_fork='' A_grace='' A_host='' A_lease='' A_logmax='' A_next='' A_none='' A_poll='' A_project='' A_retry='' A_sig=''
	A_silence='' A_size='' A_update='' A_verdict='' A_wall='' A_sources=0 A_steps=0
}

read_answer() {
	clear_answer
	# -f, because zsh prints an error for a missing file.
	{ [ -f "$1" ] && IFS= read -r line <"$1"; } 2>/dev/null || return 1
	case $line in
		ok) ;;
		'err '[0-9]*)
			ERR_TEXT=${line#err } ERR=${line#err }
			ERR=${ERR%% *}
			;;
		*) return 1 ;;
	esac
	while IFS= read -r line; do store_answer_line; done <"$1"
	[ "$line$LAST_LINE" = end ]
}

# Skips unknown keys, so that the farm may add keys.
store_answer_line() {
	LAST_LINE=$line
	# Only `end` may follow the signature, because the signature does not cover later lines.
	[ -z "$A_sig" ] || [ "$line" = end ] || A_sig=x
	case $line in
		'|'*) ;;
		'arch '*) A_arch=${line#* } ;;
		'artifact '*) A_artifact=${line#* } ;;
		'attempt '*) A_attempt=${line#* } ;;
		'branch '*) A_branch=${line#* } ;;
		'cache '*) A_cache="$A_cache ${line#* }" ;;
		'caches '*) A_caches=${line#* } ;;
		'cancel '*) A_cancel=${line#* } ;;
		'chunk '*) A_chunk=${line#* } ;;
		'claim '*) A_claim=${line#* } ;;
		'credential '*) A_credential=${line#* } ;;
		'filemax '*) A_filemax=${line#* } ;;
		'fork '*) A_fork=${line#* } ;;
		'grace '*) A_grace=${line#* } ;;
		'host '*) A_host=${line#* } ;;
		'lease '*) A_lease=${line#* } ;;
		'logmax '*) A_logmax=${line#* } ;;
		'next '*) A_next=${line#* } ;;
		'none '*) A_none=${line#* } ;;
		'poll '*) A_poll=${line#* } ;;
		'project '*) A_project=${line#* } ;;
		'retry '*) A_retry=${line#* } ;;
		'sig '*) A_sig=$A_sig${line#* } ;;
		'silence '*) A_silence=${line#* } ;;
		'size '*) A_size=${line#* } ;;
		'source '*) A_sources=$((A_sources + 1)) ;;
		'step '*) A_steps=$((A_steps + 1)) ;;
		'update '*) A_update=${line#* } ;;
		'verdict '*) A_verdict=${line#* } ;;
		'wall '*) A_wall=${line#* } ;;
	esac
}

# NUMBER: $1 if it is a number, else $2.
number_or() {
	NUMBER=$2
	if is_number "$1"; then NUMBER=$1; fi
}

# DELAY: milliseconds, from the farm's answer, or by a backoff up to $1 seconds.
set_delay() {
	case $ERR in
		429 | 503) if is_number "$A_retry" && [ "$A_retry" -gt 0 ]; then DELAY=$((A_retry * 1000)); else backoff "$1"; fi ;;
		401)
			DELAY=60000
			say "the farm does not know this host's credential: it may be revoked. Trying again every minute. To enrol again: agent.sh enroll INVITATION"
			;;
		*) backoff "$1" ;;
	esac
}
