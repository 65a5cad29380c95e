/* Attacks by system calls that Python cannot make, each tried in a fork where the process may fork; says what came of
 * each: "NAME done", or "NAME" and the error. With a name for an argument it tries that one alone, in this process. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Their numbers are the same everywhere; older headers do not have them. */
enum { OPEN_TREE = 428, FSOPEN = 430, CLONE3 = 435, PIDFD_OPEN = 434, OPENAT2 = 437, PIDFD_GETFD = 438,
       PIDFD_SEND_SIGNAL = 424, IO_URING_SETUP = 425, MEMFD_SECRET = 447, FCHMODAT2 = 452, SETXATTRAT = 463 };

static const char *own, *secret, *spare;
static pid_t victim;
static char *program;

static long handle(void) {
    struct { struct file_handle head; char rest[MAX_HANDLE_SZ]; } one = {{MAX_HANDLE_SZ, 0}, {0}};
    int mount;
    return name_to_handle_at(AT_FDCWD, secret, &one.head, &mount, 0);
}
static long open_handle(void) {
    struct { struct file_handle head; char rest[MAX_HANDLE_SZ]; } one = {{MAX_HANDLE_SZ, 0}, {0}};
    int mount;
    if (name_to_handle_at(AT_FDCWD, secret, &one.head, &mount, 0) < 0) return -1;
    int root = open("/", O_RDONLY | O_DIRECTORY);
    return open_by_handle_at(root, &one.head, O_RDONLY);
}
static long read_memory(void) {
    char to[8];
    struct iovec here = {to, 1}, there = {(void *)(unsigned long)strtoul(getenv("MEMORY"), NULL, 16), 1};
    return process_vm_readv(victim, &here, 1, &there, 1, 0);
}
static long write_memory(void) {
    char from[1] = {0};
    struct iovec here = {from, 1}, there = {(void *)(unsigned long)strtoul(getenv("MEMORY"), NULL, 16), 1};
    return process_vm_writev(victim, &here, 1, &there, 1, 0);
}
static long bpf_map(void) {
    int attributes[16] = {2, 4, 8, 1}; /* an array */
    return syscall(SYS_bpf, 0, attributes, sizeof attributes);
}
static long perf(void) {
    unsigned attributes[32] = {1, 128, 9}; /* software: a dummy event */
    attributes[10] = 1 << 5 | 1 << 6;      /* without the kernel's */
    return syscall(SYS_perf_event_open, attributes, 0, -1, -1, 0);
}
static long ring(void) {
    char parameters[128] = {0};
    return syscall(IO_URING_SETUP, 1, parameters);
}
static long clone3_namespace(void) {
    unsigned long arguments[11] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
    long pid = syscall(CLONE3, arguments, 64);
    if (pid == 0) _exit(0);
    return pid;
}
static long clone_namespace(void) {
    long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) _exit(0);
    return pid;
}
static long mount_inside(void) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) return -1;
    return mount("none", own, "tmpfs", 0, NULL);
}
static long fork_like_vfork(void) {
    long pid = syscall(SYS_clone, CLONE_VFORK | CLONE_VM | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) _exit(0);
    return pid;
}
static long take_descriptor(void) {
    long handle = syscall(PIDFD_OPEN, victim, 0);
    return handle < 0 ? handle : syscall(PIDFD_GETFD, handle, 0, 0);
}
static long signal_by_handle(void) {
    int handle = open("/proc/self", O_RDONLY | O_DIRECTORY); /* a folder of /proc is such a handle, too */
    char path[32];
    snprintf(path, sizeof path, "/proc/%d", victim);
    if (victim) handle = open(path, O_RDONLY | O_DIRECTORY);
    return handle < 0 ? -1 : syscall(PIDFD_SEND_SIGNAL, handle, 0, NULL, 0);
}
static long open_by_new_call(void) {
    unsigned long how[3] = {O_RDONLY, 0, 0};
    return syscall(OPENAT2, AT_FDCWD, secret, how, sizeof how);
}
static long chmod_by_descriptor(void) {
    int place = open(spare, O_PATH);
    return syscall(FCHMODAT2, place, "", 0666, AT_EMPTY_PATH);
}
static long set_attribute(void) {
    struct { unsigned long value; unsigned size, flags; } one = {(unsigned long)"1", 1, 0};
    return syscall(SETXATTRAT, AT_FDCWD, spare, 0, "user.y", &one, sizeof one);
}
static long run_from_memory(void) {
    int from = open(program, O_RDONLY), to = syscall(SYS_memfd_create, "x", MFD_CLOEXEC);
    char part[4096];
    long count;
    if (from < 0 || to < 0) return -1;
    while ((count = read(from, part, sizeof part)) > 0)
        if (write(to, part, count) != count) return -1;
    char *arguments[] = {program, "nothing", NULL}, *environment[] = {NULL};
    return syscall(SYS_execveat, to, "", arguments, environment, AT_EMPTY_PATH);
}
static long thread_flags(void) { /* a thread in a file system and a table of descriptors of its own is one all the same */
    long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) _exit(0);
    return pid;
}
static long key(void) { return syscall(SYS_add_key, "user", "viewra-test", "x", 1, -2 /* the process's own */); }
static long find_key(void) { return syscall(SYS_keyctl, 0 /* get the id */, -3 /* the session's */, 1, 0, 0); }
static long fault(void) { return syscall(SYS_userfaultfd, 1 /* user mode only */); }
static long compare(void) { return syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 0) ; }
static long trace(void) { return syscall(SYS_ptrace, 0x4206 /* seize */, victim, 0, 0); }
static long unshare_users(void) { return unshare(CLONE_NEWUSER); }
static long unshare_mounts(void) { return unshare(CLONE_NEWNS); }
static long unshare_network(void) { return unshare(CLONE_NEWUSER | CLONE_NEWNET); }
static long mount_here(void) {
    long answer = mount("none", own, "tmpfs", 0, NULL);
    if (answer == 0) umount2(own, MNT_DETACH);
    return answer;
}
static long copy_tree(void) { return syscall(OPEN_TREE, AT_FDCWD, own, 1 /* a copy */); }
static long open_system(void) { return syscall(FSOPEN, "tmpfs", 0); }
static long join(void) {
    int own_namespace = open("/proc/self/ns/uts", O_RDONLY);
    return own_namespace < 0 ? -1 : setns(own_namespace, 0);
}
static long watch_all(void) { return syscall(SYS_fanotify_init, 0x200 /* reports ids */, 0); }
static long limit(void) {
    struct rlimit64 most;
    return syscall(SYS_prlimit64, victim, RLIMIT_NOFILE, NULL, &most);
}
static long hide(void) { return syscall(MEMFD_SECRET, 0); }
static long in_memory(void) { return syscall(SYS_memfd_create, "x", 0); }
static long queue_message(void) { return syscall(SYS_msgget, 0, 0600); }
static long share(void) { return syscall(SYS_shmget, 0, 4096, 0600); }
static long count_down(void) { return syscall(SYS_semget, 0, 1, 0600); }
static long posix_queue(void) {
    long queue = syscall(SYS_mq_open, "viewra-test", O_CREAT | O_RDWR, 0600, NULL);
    if (queue >= 0) syscall(SYS_mq_unlink, "viewra-test");
    return queue;
}
static long untie(void) { return prctl(PR_SET_PDEATHSIG, SIGCONT); }
static long become_root(void) { return syscall(SYS_setuid, 0) < 0 ? -1 : geteuid() == 0 ? 0 : -1; }
static long foreign_table(void) {
#ifdef __x86_64__
    return syscall(0x40000000 | 39);
#else
    errno = ENOSYS;
    return -1;
#endif
}
static long old_table(void) {
    long answer = -1;
#ifdef __x86_64__
    __asm__ volatile("int $0x80" : "=a"(answer) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
#endif
    return answer;
}
static long newer(void) { return syscall(500); }
static long nothing(void) { return 0; }

static const struct { const char *name; long (*attack)(void); int alone; } ATTACKS[] = {
    {"name_a_file_by_a_handle", handle, 0}, {"open_a_file_by_a_handle", open_handle, 0},
    {"read_memory", read_memory, 0}, {"write_memory", write_memory, 0}, {"trace", trace, 0},
    {"load_a_map_of_bpf", bpf_map, 0}, {"count_events", perf, 0}, {"start_a_ring", ring, 0},
    {"handle_faults", fault, 0}, {"add_a_key", key, 0}, {"find_a_keyring", find_key, 0},
    {"compare_processes", compare, 0}, {"take_a_descriptor", take_descriptor, 0},
    {"signal_by_a_handle", signal_by_handle, 0}, {"limit_a_process", limit, 0},
    {"namespace_by_clone", clone_namespace, 0}, {"namespace_by_clone3", clone3_namespace, 0},
    {"namespace_of_users", unshare_users, 0}, {"namespace_of_mounts", unshare_mounts, 0},
    {"namespace_of_networks", unshare_network, 0}, {"join_a_namespace", join, 0},
    {"mount", mount_here, 0}, {"mount_in_a_namespace", mount_inside, 0}, {"copy_a_tree_of_mounts", copy_tree, 0},
    {"open_a_file_system", open_system, 0}, {"watch_all_files", watch_all, 0},
    {"fork_by_vfork", fork_like_vfork, 0}, {"fork_a_sibling", thread_flags, 0},
    {"open_by_openat2", open_by_new_call, 0}, {"chmod_by_fchmodat2", chmod_by_descriptor, 0},
    {"set_an_attribute", set_attribute, 0}, {"make_a_file_in_memory", in_memory, 0},
    {"hide_memory", hide, 0}, {"run_a_program_from_memory", run_from_memory, 0},
    {"queue_messages", queue_message, 0}, {"share_memory", share, 0}, {"share_a_semaphore", count_down, 0},
    {"queue_of_posix", posix_queue, 0}, {"untie_from_the_guardian", untie, 0},
    {"become_root", become_root, 0},
    {"newer", newer, 1}, {"x32", foreign_table, 1}, {"int80", old_table, 1}, {"nothing", nothing, 1},
};

static int tried(int which) {
    errno = 0;
    long answer = ATTACKS[which].attack();
    return answer < 0 ? (errno ? errno : EPERM) : 0;
}

int main(int count, char **arguments) {
    program = arguments[0];
    own = getenv("OWN"), secret = getenv("SECRET"), spare = getenv("SPARE");
    victim = getenv("VICTIM") ? atoi(getenv("VICTIM")) : 0;
    for (unsigned one = 0; one < sizeof ATTACKS / sizeof *ATTACKS; one++) {
        const char *name = ATTACKS[one].name;
        if (count > 1 ? strcmp(arguments[1], name) != 0 : ATTACKS[one].alone) continue;
        int status = 0, error;
        fflush(stdout);
        pid_t child = count > 1 ? -1 : fork();
        if (child == 0) _exit(tried(one));
        if (child < 0) error = tried(one);
        else {
            waitpid(child, &status, 0);
            error = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
        }
        printf("%s %s\n", name, error == 0 ? "done" : error >= 1000 ? "killed" : strerrorname_np(error));
    }
    return 0;
}
