#!/bin/sh
# Tests the command line, and compares the facts with the system's own tools. RUN is a runner, such as qemu-arm.
failed=0
passed=0

# is NAME FOUND EXPECTED
is() {
  if test "$2" = "$3"; then
    passed=`expr $passed + 1`
  else
    failed=`expr $failed + 1`
    echo "check.sh: $1: found \"$2\", expected \"$3\""
  fi
}

unix() {
  $RUN ./this-unix "$@"
}

# One line for each fact: name, tab, value.
lines=`unix | wc -l`
names=`unix --list | wc -l`
is 'as many lines as facts' "`expr $lines`" "`expr $names`"
is 'every line has a name, a tab and a value' "`unix | sed '/^[a-z0-9-]*	[^	][^	]*$/d'`" ''
is 'one fact alone has no name' "`unix byte-order | sed 's/big/little/'`" little
is 'two facts have names' "`unix byte-order model | sed 's/	.*//' | tr '\n' ' '`" 'byte-order model '

unix no-such-fact >/dev/null 2>check.tmp
is 'an unknown fact is refused' $? 2
is 'the error names the unknown fact' "`cat check.tmp`" 'this-unix: there is no fact "no-such-fact"; this-unix --list names them'
rm -f check.tmp
unix --nonsense >/dev/null 2>&1
is 'an unknown option is refused' $? 2

# Other programs describe the machine that runs them, so this comparison needs a native build (no runner).
if test -z "$RUN"; then
  case `printf '\001\000' | od -d | sed -n '1s/^[0-9]* *0*//p' | tr -d ' '` in
    1) order=little ;;
    *) order=big ;;
  esac
  is 'od agrees about the byte order' "`unix byte-order`" "$order"
  is 'uname agrees about the system' "`unix system`" "`uname -s`"
  is 'uname agrees about the release' "`unix release`" "`uname -r`"
  if pages=`getconf PAGESIZE 2>/dev/null`; then
    is 'getconf agrees about the page size' "`unix page-size`" "$pages"
  fi
fi

echo "check.sh: $passed passed, $failed failed"
test $failed -eq 0
