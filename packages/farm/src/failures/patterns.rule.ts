/**
 * The lines that tools print when something fails, as data. The letter of a rule is its group: A environment, C cause,
 * T failed test, K consequence (a line that only repeats the failure of another line).
 *
 * All quantifiers have a limit, so each pattern needs less than 0.1 ms for any line of 2,048 characters
 * (patterns.rule.test.ts). No pattern has flags.
 */

/**
 * The filter (P0): every line that a rule matches contains one of these texts, except the lines of C19. No text has fewer
 * than three characters.
 */
export const filterTexts = [
  'rror',
  'ERR',
  '***',
  'not ok',
  'ot found',
  'FAIL',
  'ailed',
  'XPASS',
  'anic: ',
  'atal',
  'illed',
  'fault',
  'ndefined',
  'nsatisfied',
  'annot',
  "an't",
  "don't know",
  'No s',
  'Disk q',
  'emory',
  'Read-only',
  'Stale',
  'Too many',
  'resol',
  'refused',
  'timed out',
  'reset by',
  'certif',
  'skew',
  'multiple def',
  'bad ',
  'Permission',
  'Exec format',
  'Global s',
  'Bareword',
  'Caused by',
  'trap',
  'bort',
  'Illegal',
  'xception',
  'imeout',
  'SEGF',
  'stopped',
  'ignal ',
  'Not Run',
  'roken: ',
  '", line ',
  'evere: ',
  'oom-',
  'ot known',
  '_FAULT',
  'ILLEG',
  'onfigure',
] as const

export const rulePatterns = {
  // a disk or memory limit of the host
  A1: /\b(?:No space left on device|Disk quota exceeded|[Cc]annot allocate memory|virtual memory exhausted|[Oo]ut of memory|Read-only file system|Input\/output error|Stale NFS file handle|Too many open files)\b/,
  // the system ended a process, in most cases for lack of memory
  A2: /^(?:[^\s:]{1,200}: )?(?:line \d{1,6}: +\d{1,9} |fatal error: |internal compiler error: )?Killed\b|\b(?:Killed signal terminated program|signal 9\b|oom-kill)/,
  // the network, a certificate or the clock of the host
  A3: /\b(?:Could not resolve host|Temporary failure in name resolution|Name or service not known|Connection (?:refused|timed out|reset by peer)|certificate (?:verify failed|has expired)|[Cc]lock skew detected)\b/,
  // GNU style: gcc, clang, gas, javac, bison
  C1: /^((?:[A-Za-z]:)?[^\s:"'()]{1,300}):(\d{1,7})(?:[:.](\d{1,5}))?(?:-\d{1,7}(?:\.\d{1,5})?)?: (?:fatal |internal compiler )?[Ee]rror(?: [A-Z]{1,4}\d{1,5})?: (.{1,400})/,
  // Sun Studio and IBM XL
  C2: /^"([^"]{1,300})", line (\d{1,7})(?:\.\d{1,4})?: (?!warning|\d{4}-\d{3} \([WI]\))(?:\d{4}-\d{3} \([SUE]\) |[Ee]rror(?: #?\d{1,5})?: )?(.{1,400})/,
  // HP-UX
  C2b: /^(?:cc|c89|aCC|CC|acc|gcc): "([^"]{1,300})", line (\d{1,7}): error (\d{1,5}): (.{1,400})/,
  // MSVC and tsc
  C3: /^\s{0,8}((?:[A-Za-z]:)?[^\s:"()]{1,300})\((\d{1,7})(?:,\d{1,5})?\) ?: (?:fatal )?[Ee]rror ([A-Z]{1,5}\d{1,5}): (.{1,400})/,
  // IRIX and Tru64
  C4: /^(?:cc|cxx|c89|f77|f90|CC)(?:-\d{1,5} \S{1,10})?: (?:ERROR File = |Error: |Severe: |Fatal: )([^,\s]{1,300}), [Ll]ine (?:= )?(\d{1,7})(?:: (.{1,400}))?/,
  // GNU ld: an undefined symbol
  C5: /\bundefined reference to [`'"\u2018]([^'"`\u2019]{1,300})/,
  // ld, lld, gold, mold and the linker of AIX
  C6: /(?:^|[/\s-])(?:ld|lld|ld\.\w{1,8}|gold|mold)(?:\[\w{1,10}\])?: (?:error: |fatal: |ERROR: |\d{4}-\d{3} (?:SEVERE )?ERROR: )(.{1,300})/,
  // linkers of macOS, Solaris and HP-UX, and GNU ld
  C7: /^Undefined symbols? for architecture \S{1,20}|^Undefined\s{1,60}first referenced|\bUnsatisfied symbols?\b|\bmultiple definition of\b|\bcannot find (?:-l\S{1,100}|\S{1,200}: No such file)/,
  // configure
  C8: /^configure: error: (.{1,400})|^(?:\.\/)?configure(?:\[\d{1,7}\]|: line \d{1,7}|: \d{1,7}): (.{1,300})/,
  // CMake
  C9: /^CMake Error(?: at ([^\s:]{1,300}):(\d{1,7}))?(?: \([^)]{1,100}\))?: ?(.{0,300})/,
  // Meson, and scripts that print ERROR
  C10: /^(?:[^\s:]{1,300}:\d{1,7}:\d{1,5}: )?ERROR: (.{1,400})/,
  // rustc, cargo, git
  C11: /^(?:error(?:\[E\d{4}\])?: (?!could not compile|aborting due to|build failed)|fatal: (?!not a git repository|[Nn]o (?:names|tag|annotated)|cannot describe|detected dubious))(.{1,400})/,
  // make and Ninja: a missing target
  C12: /^(?:[\w./+-]{0,100}make(?:\[\d{1,3}\])?: )?(?:\*\*\* No rule to make target [`']([^']{1,300})'|don't know how to make (\S{1,300})|Fatal error: Don't know how to make target [`']([^']{1,300})')|^ninja: (?:error|fatal): (.{1,300})/,
  // Perl
  C13: /^(?:Can't locate \S{1,200} in @INC|(?:syntax error|Global symbol|Bareword|Can't (?:open|exec|find|load|call))\b.{0,300} at \S{1,300} line \d{1,7})/,
  // shells: bash, dash, ksh, ash, Bourne
  C14: /^[^\s:]{1,200}(?:\[\d{1,7}\])?: (?:line )?(?:\d{1,7}: )?(?:[^\s:]{1,200}: )?(?:[Cc]ommand not found|not found|(?:[Ss]yntax error|bad substitution|cannot execute|Exec format error|bad interpreter|Permission denied|No such file or directory)\b.{0,200})\.?$/,
  // Python, Node and other exceptions
  C15: /^(?:Uncaught )?((?:[A-Za-z_][\w.]{0,100})?(?:Error|Exception))(?:: (.{0,400}))?$/,
  // compiler drivers, Go, Java, npm
  C16: /^(?:(?:\S{0,100}\/)?(?:[\w.]{1,40}-{1,2}){0,5}(?:gcc|g\+\+|clang(?:\+\+)?|cc|c\+\+|cc1|cc1plus|as|ar)(?:-[\d.]{1,6})?: (?:fatal )?error: (?!linker command failed|ld returned)|panic: |fatal error: |Exception in thread "[^"]{1,100}" |Caused by: |npm (?:ERR!|error) (?!code |errno |syscall |path |A complete log))(.{1,300})/,
  // assertions and sanitizers
  C17: /\b[Aa]ssertion (?:failed: .{1,300}|[`'"\u2018][^`'"\u2018\u2019]{1,300}['"\u2019] failed)|^==\d{1,9}==ERROR: \w{1,30}Sanitizer: .{1,300}|\bruntime error: .{1,300}/,
  // a signal ended a program
  C18: /^(?:[^\s:]{1,200}: )?(?:line \d{1,6}: +\d{1,9} )?(?:Segmentation fault|Bus error|Illegal instruction|Abort(?:ed| trap)|Memory fault|Floating (?:point )?exception|Trace\/BPT trap)\b/,
  // a position without the word "error": GCC 2, yacc, Go
  C19: /^([^\s:"'()]{1,300}\.(?:[chlysS]|cc|cpp|cxx|hh|go|f90?|hs|ml|pas|adb|java|py|y)):(\d{1,7})(?:[:.]\d{1,5})?: (?!#|\(|warning|note|remark|info|In |At |required|instantiated|previous|first |from )(.{3,400})/,
  // TAP
  T1: /^(?: {4}){0,8}not ok\b(?!.{0,400}# ?(?:TODO|SKIP|todo|skip))(?: \d{1,7})?(?: -)? ?(.{0,300})/,
  // GoogleTest
  T2: /^\[ {2}FAILED {2}\] (\S{1,300})/,
  // Go
  T3: /^\s{0,32}--- FAIL: (\S{1,300})/,
  // pytest
  T4: /^(?:FAILED|ERROR) (\S{1,300}::\S{1,300})/,
  // Automake and DejaGnu
  T5: /^(?:FAIL|XPASS|ERROR): (\S{1,300})/,
  // kyua
  T6: /^(\S{1,300}) {1,4}-> {1,4}(?:failed|broken): (.{0,300})/,
  // CTest
  T7: /^\s{0,6}\d{1,6} - (\S{1,200}) \((?:Failed|Timeout|SEGFAULT|Subprocess aborted|Not Run|OTHER_FAULT|ILLEGAL)\)/,
  // cargo
  T8: /^test (\S{1,300}) \.\.\. FAILED/,
  // GNU make
  K1: /^[\w./+-]{0,100}make(?:\[\d{1,3}\])?: \*\*\* \[(?:[^\]:]{1,200}:\d{1,7}: )?([^\]]{1,300})\] (?:Error (\d{1,3})|(.{1,60}))/,
  // NetBSD and FreeBSD make
  K2: /^\*\*\* (?:\[([^\]]{1,300})\] )?(?:Error code (\d{1,3})\b|Signal \w{1,20}\b)(?! ?\(ignored\))/,
  // OpenBSD make
  K3: /^\*\*\* Error (\d{1,3}) in (\S{1,300}) \(([^\s:]{1,200}):\d{1,7} '([^']{1,200})'/,
  // Solaris make
  K4: /^(?:d?make|dmake): Fatal error: Command failed for target [`']([^']{1,300})'/,
  // Ninja
  K5: /^FAILED: (?:\[code=(\d{1,3})\] )?(\S{1,300})/,
  // other lines that only repeat a failure
  K6: /^(?:collect2: (?:error: )?ld returned \d{1,3} exit status|(?:\S{0,100}\/)?(?:clang|gcc|g\+\+|cc|c\+\+)(?:-[\d.]{1,6})?: error: (?:linker command failed|ld returned)|error: (?:could not compile|aborting due to)|ninja: build stopped|(?:nb|b)?make(?:\[\d{1,3}\])?: stopped (?:in|making)|FAIL$|FAIL\t|BUILD FAILED)/,
} as const

export type RuleName = keyof typeof rulePatterns
export type RuleGroup = 'A' | 'C' | 'T' | 'K'

export const groupOf = (rule: RuleName): RuleGroup => rule.charAt(0) as RuleGroup

/** Lines in which a rule finds an error, although the tool says that the error has no effect. */
export const harmlessPattern = /\((?:ignored|continuing anyway)\)\s{0,20}$|\bnon-fatal error\b/
