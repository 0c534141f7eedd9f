# DIR, AGENT_FILE and PRIVATE are absolute. No job may read files in PRIVATE.
find_directories() {
	AGENT_FILE='' DIR=${RUMPFARM_DIR-}
	here=''
	case $0 in */*) here=`cd "${0%/*}" 2>/dev/null && pwd` ;; *) if [ -f "$0" ]; then here=`pwd`; fi ;; esac
	if [ -n "$here" ]; then AGENT_FILE=$here/${0##*/}; fi
	if [ -z "$DIR" ] && { [ -f "$here/private/credential" ] || [ -f "$here/credential" ]; }; then DIR=$here; fi
	[ -n "$DIR" ] || DIR=${HOME:?is not set; set RUMPFARM_DIR to a directory}/.rumpfarm
	case $DIR in /*) ;; *) DIR=`pwd`/$DIR ;; esac
	PRIVATE=$DIR/private SLOT_DIR=$DIR
}

main() {
	# Runs a job first, because each earlier process delays a job's first command by 1 ms or more.
	if [ "${1-}" = job ]; then run_job "$2"; fi
	choose_put
	JOB_UMASK=`umask`
	umask 077
	URL_OPTION='' CA_OPTION=''
	while :; do
		case ${1-} in
			--url) URL_OPTION=${2-} ;;
			--ca) CA_OPTION=${2-} ;;
			*) break ;;
		esac
		[ "$#" -lt 2 ] || shift
		shift
	done
	find_directories
	case ${1-} in
		enroll)
			set_url "${URL_OPTION:-$FARM_URL}"
			shift
			enroll ${1+"$@"}
			;;
		run) check_arguments 0 "$@" && run_agent ;;
		trial) self_test ;;
		install | uninstall) run_service "$@" ;;
		check) check_arguments 2 "$@" && check "${2-}" "${3-}" ;;
		status) check_arguments 0 "$@" && status ;;
		stop)
			[ "$#" -le 2 ] || reject_argument "$3"
			stop "${2-}"
			;;
		slot)
			shift
			run_slot "$@"
			;;
		version) echo "$AGENT_VERSION" ;;
		*)
			usage >&2
			exit 2
			;;
	esac
}

# The last line, so that a script that arrives incomplete does nothing.
main ${1+"$@"}
