/**
 * Making a process spin: alive, at 100 % of a processor, and deaf.
 *
 * @module
 */

/**
 * Lets a process run in circles until it is killed: its next instruction becomes a jump to itself. Linux on x86-64,
 * where it may be traced; rejects elsewhere. Perl, which is in every Debian, has the system call.
 */
export async function spin(pid: number): Promise<void> {
  const args = ["-e", script, String(pid)];
  const { success, stderr } = await new Deno.Command("perl", { args }).output();
  if (!success) {
    throw new Error(`process ${pid} cannot be traced: ${new TextDecoder().decode(stderr).trim()}`);
  }
}

/** Whether {@link spin} works here. */
export async function canSpin(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") return false;
  const child = new Deno.Command("sleep", { args: ["60"], stdin: "null", stdout: "null" }).spawn();
  try {
    await spin(child.pid);
    return true;
  } catch {
    return false;
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

// ---

/**
 * ptrace(2) is system call 101; 16 attaches, 17 detaches, 3 reads a register (16 is the instruction pointer), 1 and 4
 * read and write eight bytes.
 */
const script = `
my ($ptrace, $pid) = (101, 0 + $ARGV[0]);
# The third argument, where it is a string, is written to: no copy.
sub trace { die "$!\\n" if syscall($ptrace, $_[0], $pid, $_[1], $_[2]) == -1 }
trace(16, 0, 0);
waitpid($pid, 0x40000000);
my $register = pack("Q", 0);
trace(3, 16 * 8, $register);
my $at = unpack("Q", $register);
my $code = pack("Q", 0);
trace(1, $at, $code);
substr($code, 0, 2) = "\\xeb\\xfe";
trace(4, $at, unpack("q", $code));
trace(17, 0, 0);
`;
