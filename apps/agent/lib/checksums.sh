# Checksums: the first tool that gives the right answer for one byte. Debian's static busybox has no cksum.

choose_checksum() {
	CHECKSUM_TOOL=none
	if [ "`printf x | cksum 2>/dev/null`" = '12738659 1' ]; then
		CHECKSUM_TOOL=crc
	elif printf x | sha256sum 2>/dev/null | grep -q ^2d711642b726b044; then
		CHECKSUM_TOOL=sha256
	elif printf x | md5sum 2>/dev/null | grep -q ^9dd4e461268c8034; then
		CHECKSUM_TOOL=md5
	fi
}

# SUM and LEN of file $1. cksum gives both, which saves a process for each chunk.
measure() {
	case $CHECKSUM_TOOL in
		crc)
			SUM=`cksum <"$1"`
			LEN=${SUM#* } SUM=crc:${SUM%% *}
			return
			;;
		none) SUM=none ;;
		*)
			SUM=`"${CHECKSUM_TOOL}sum" <"$1"`
			SUM=$CHECKSUM_TOOL:${SUM%% *}
			;;
	esac
	set -- "$1" "${SIZE-}" # keeps SIZE, the size of the whole file
	size_of "$1"
	LEN=$SIZE SIZE=$2
}

# The farm does not sign a file, but the sha256 of a signed answer.
measure_download() {
	measure "$1"
	if [ -n "$SIGNED" ]; then digest_of_file "$1" && SUM=sha256:$DIGEST; fi
}

size_of() {
	SIZE=`wc -c <"$1"`
	SIZE=${SIZE##* }
}
