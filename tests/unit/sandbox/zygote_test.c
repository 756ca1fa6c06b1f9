// SPDX-License-Identifier: Apache-2.0
// Sandboxes that a zygote makes: as tight as those from nothing, nothing of one instance reaches the next,
// and whatever dies takes all with it. Skips where none can be made or control groups are missing.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "sandbox/cgroup.h"
#include "sandbox/procs.h"
#include "boxes.h"

#define TRIES 200
#ifndef MANY
#define MANY 60
#endif

struct fixture {
    struct boxes b;
    struct sandbox s;
    struct outcome o;
    uint64_t id;
};

#define ARGV(...)                                                                                            \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }
#define SHELL(text) ARGV("/bin/sh", "-c", (text))

static const char *const plain_env[] = {"PATH=/usr/bin:/bin", NULL};

static struct outcome *play(struct fixture *f, const struct sandbox_spec *given)
{
    struct sandbox_spec spec = *given;
    struct sandbox_run run;
    struct err e = ERR_NULL;
    spec.id = ++f->id;
    spec.envp = spec.envp ? spec.envp : plain_env;
    spec.capture = true;
    memset(&f->o, 0, sizeof f->o);
    if (f->s.start(f->s.ctx, &spec, now_ms(), &run, &e) < 0)
        fail_msg("start: %s", e.text);
    if (!run_for(&f->s, spec.id, &run, &f->o, LIMIT_MS))
        fail_msg("%s: not over after %d ms", spec.argv[0], LIMIT_MS);
    return &f->o;
}

// Plays it until it was a zygote that made the sandbox.
static struct outcome *play_by_zygote(struct fixture *f, const struct sandbox_spec *spec)
{
    for (int i = 0; i < TRIES; i++) {
        uint64_t before = bwrap_sandbox_counts(&f->s).by_zygote;
        struct outcome *o = play(f, spec);
        if (bwrap_sandbox_counts(&f->s).by_zygote > before)
            return o;
        sleep_ms(10);
    }
    fail_msg("no zygote served in %d starts: %s", TRIES, f->o.err);
    return NULL;
}

static struct outcome *shell(struct fixture *f, const char *text)
{
    return play_by_zygote(f, &(struct sandbox_spec){.argv = SHELL(text)});
}

static void ends_come_back_as_a_shell_says_them(void **state)
{
    static const struct {
        const char *text;
        int code, signal;
    } cases[] = {{"exit 0", 0, 0}, {"exit 42", 42, 0}, {"kill -KILL $$", 137, 9}, {"kill -SEGV $$", 139, 11}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct outcome *o = shell(*state, cases[i].text);
        assert_int_equal(o->r.code, cases[i].code);
        assert_int_equal(o->r.signal, cases[i].signal);
        assert_false(o->r.killed);
    }
    struct outcome *o = play_by_zygote(*state, &(struct sandbox_spec){.argv = ARGV("/job/none")});
    assert_int_equal(o->r.code, 1);
    assert_string_equal(o->err, "bwrap: execvp /job/none: No such file or directory\n");
    o = play_by_zygote(*state, &(struct sandbox_spec){.argv = SHELL("true"), .workdir = "/proc/none"});
    assert_int_equal(o->r.code, 1);
    assert_string_equal(o->err, "bwrap: Can't chdir to /proc/none: No such file or directory\n");
    o = play_by_zygote(*state, &(struct sandbox_spec){.argv = SHELL("pwd; touch x"), .workdir = "/job/new/one"});
    assert_string_equal(o->err, ""); // a folder that was not there ended the instance
    assert_string_equal(o->out, "/job/new/one\n");
}

// Shows the probe at /probe: a mount would ask for the long way.
static int place_probe(struct boxes *b)
{
    char command[512];
    snprintf(command, sizeof command, "for d in %s/ondol-*; do install -m 755 -t $d %s || exit 1; done",
             b->root, b->probe);
    return system(command);
}

// Long texts: only where they part is shown.
static void expect_same(const char *a, const char *b)
{
    size_t line = 0, i = 0;
    for (; a[i] && a[i] == b[i]; i++)
        line = a[i] == '\n' ? i + 1 : line;
    if (a[i] != b[i])
        fail_msg("by a zygote:\n%.300s\nfrom nothing:\n%.300s", a + line, b + line);
}

// Plays it in a sandbox from nothing and in one by a zygote, and both say the same.
static struct outcome *same_both_ways(struct fixture *f, const struct sandbox_spec *spec)
{
    struct outcome *cold = mem_alloc(sizeof *cold);
    struct sandbox from_nothing, as_usual = f->s;
    bwrap_sandbox_init(&from_nothing, &(struct bwrap_config){.root_parent = f->b.root, .no_zygotes = true});
    f->s = from_nothing;
    if (place_probe(&f->b) != 0)
        fail();
    *cold = *play(f, spec);
    f->s = as_usual;
    from_nothing.free(from_nothing.ctx);
    struct outcome *o = play_by_zygote(f, spec);
    expect_same(o->out, cold->out);
    expect_same(o->err, cold->err);
    assert_int_equal(o->r.code, cold->r.code);
    free(cold);
    return o;
}

static void inside_is_the_same_as_from_nothing(void **state)
{
    static const char look[] =
        "id; pwd; umask; cat /proc/sys/kernel/hostname /proc/self/cgroup; echo out; echo err >&2;"
        "ls -A / | grep -v probe; ls -A /etc /dev /job /tmp /dev/shm /home /root /run /mnt /opt /sys; ls "
        "/proc/self/fd | wc -l;"
        "cut -d' ' -f2,3 /proc/mounts | sort -u; grep -e Cap -e NoNewPrivs -e Seccomp: /proc/self/status;"
        "ulimit -c; ulimit -n; ps -o pid,sid,stat,comm | wc -l; cat /proc/net/dev; env | sort;"
        "for p in /usr/x /etc/x /x /dev/x /proc/sys/kernel/core_pattern; do : > $p; done; stat -c %a "
        "/dev/shm /tmp /job;"
        "df -B1 --output=size /job /tmp /dev/shm";
    struct fixture *f = *state;
    const char *const env[] = {"PATH=/usr/bin:/bin", "A=b c=$d", "PWD=/nowhere", NULL};
    struct sandbox_spec spec = {
        .argv = SHELL(look), .envp = env, .hostname = "radiator-7", .workdir = "/tmp"};
    assert_non_null(strstr(same_both_ways(f, &spec)->out, "radiator-7"));
}

// Limits, masks, flags of descriptors, capabilities, priorities, sessions, all that a process can ask about
// itself; and what comes of an environment that names something twice.
static void process_is_born_the_same_as_from_nothing(void **state)
{
    const char *const env[] = {"A=1", "PATH=/none", "B=2", "A=3", "PATH=/usr/bin:/bin", "PWD=/x", NULL};
    struct sandbox_spec spec = {.argv = ARGV("/probe", "self"), .envp = env};
    assert_non_null(strstr(same_both_ways(*state, &spec)->out, "\nA=3\n"));
    spec.argv = ARGV("/probe", "multicast");
    assert_null(strstr(same_both_ways(*state, &spec)->out, " ok\n")); // its report comes when it is gone
}

static void parent_tells_nothing_and_bears_all(void **state)
{
    struct outcome *o = play_by_zygote(*state, &(struct sandbox_spec){.argv = ARGV("/probe", "parent")});
    char *ok = strstr(o->out, " ok\n");
    assert_non_null(ok);
    assert_true(ok >= o->out + 6 && strcmp(ok - 6, "parent ok\n") == 0);
    assert_int_equal(o->r.code, 0);
}

// Whatever one sets on its standard input, a device of the host: neither way shows it to the next.
static void standard_input_is_each_ones_own(void **state)
{
    struct fixture *f = *state;
    for (int cold = 0; cold < 2; cold++) {
        struct sandbox_spec spec = {.argv = ARGV("/probe", "marks"), .job_bytes = cold ? 1 << 20 : 0};
        struct outcome *(*go)(struct fixture *, const struct sandbox_spec *) = cold ? play : play_by_zygote;
        char *before = mem_strdup(go(f, &spec)->out);
        for (int captured = 0; captured < 2; captured++) {
            spec.argv = ARGV("/probe", "mark");
            assert_string_equal(go(f, &spec)->out, "flags ok\nowner ok\nsignal ok\nrange ok\nlock ok\n");
        }
        spec.argv = ARGV("/probe", "marks");
        assert_string_equal(go(f, &spec)->out, before);
        free(before);
    }
}

static void dangerous_calls_are_refused(void **state)
{
    struct outcome *o = play_by_zygote(*state, &(struct sandbox_spec){.argv = ARGV("/probe", "forbidden")});
    int lines = 0;
    for (char *line = strtok(o->out, "\n"); line; line = strtok(NULL, "\n"), lines++)
        if (!strstr(line, " EPERM"))
            fail_msg("inside the sandbox: %s", line);
    assert_int_equal(lines, 24);
}

static void limits_hold(void **state)
{
    struct fixture *f = *state;
    struct sandbox_spec spec = {.argv = ARGV("/probe", "fork-bomb"), .pids_max = 20};
    assert_string_equal(play_by_zygote(f, &spec)->out, "19\n");
    spec = (struct sandbox_spec){.argv = SHELL("exec /probe eat 200"), .memory_max_bytes = INT64_C(64) << 20};
    assert_int_equal(play(f, &spec)->r.code, 137);
    spec.argv = SHELL("exit 3"); // the same limits, by a zygote; then the hog again, by that zygote
    assert_int_equal(play_by_zygote(f, &spec)->r.code, 3);
    spec.argv = SHELL("exec /probe eat 200");
    assert_int_equal(play_by_zygote(f, &spec)->r.code, 137);
}

// One instance does what it can to be remembered; the next, by the same zygote, looks around.
static void nothing_of_an_instance_is_left_for_the_next(void **state)
{
    static const char look[] = "ls -lAR --time-style=+ /job /tmp /dev/shm /dev/pts | grep -v ^total; stat -c "
                               "'%a %U' /dev/pts /dev/pts/ptmx;"
                               "ipcs; cat /proc/sysvipc/*; for p in /proc/[0-9]*/comm; do read n < $p; echo "
                               "$n; done; cat /proc/net/dev "
                               "/proc/net/snmp /proc/net/tcp;"
                               "grep -c @ /proc/net/unix; cat /proc/sys/kernel/hostname; cut -d' ' -f1-4 "
                               "/proc/mounts; umask; ulimit -a";
    static const char stay[] = "echo x > /job/x; echo x > /tmp/x; mkdir -m 777 /dev/shm/x; chmod 700 /tmp "
                               "/job; ipcmk -M 4096 -Q -S 2 >&2;"
                               "chmod 600 /dev/pts/ptmx; umask 077; nice -n 5 /probe daemon stay; /probe "
                               "abstract stays & sleep 0.1; exit 9";
    struct fixture *f = *state;
    shell(f, "true");
    char *before = mem_strdup(shell(f, look)->out);
    uint64_t zygotes = bwrap_sandbox_counts(&f->s).zygotes;
    assert_int_equal(shell(f, stay)->r.code, 9);
    struct outcome *o = shell(f, look);
    assert_string_equal(o->out, before);
    assert_int_equal(bwrap_sandbox_counts(&f->s).zygotes, zygotes); // the same one: else nothing is shown
    free(before);
}

static void network_that_was_used_is_not_used_again(void **state)
{
    struct fixture *f = *state;
    shell(f, "true");
    struct bwrap_counts before = bwrap_sandbox_counts(&f->s);
    struct outcome *o = play_by_zygote(f, &(struct sandbox_spec){.argv = ARGV("/probe", "connect", "9")});
    assert_string_equal(o->out, "connect ECONNREFUSED\n");
    shell(f, "true");
    struct bwrap_counts after = bwrap_sandbox_counts(&f->s);
    assert_int_equal(after.soiled, before.soiled + 1);
    assert_int_equal(after.zygotes, before.zygotes + 1);
}

// What the kernel ends in its own time may be there when all processes are gone: then it is listed.
static void sockets_in_flight_are_not_met_by_the_next(void **state)
{
    struct fixture *f = *state;
    static const char look[] = "grep -c flight /proc/net/unix";
    for (int i = 0; i < 5; i++) {
        struct outcome *o = play_by_zygote(f, &(struct sandbox_spec){.argv = ARGV("/probe", "in-flight")});
        assert_string_equal(o->out, "listen ok\npair ok\nsent ok\nsent ok\n");
        assert_string_equal(shell(f, look)->out, "0\n");
    }
}

static void group_that_held_much_memory_is_not_used_again(void **state)
{
    struct fixture *f = *state;
    shell(f, "true");
    struct bwrap_counts before = bwrap_sandbox_counts(&f->s);
    struct outcome *o = play_by_zygote(f, &(struct sandbox_spec){.argv = ARGV("/probe", "eat", "40")});
    assert_true(o->r.usage.memory_peak_bytes >= INT64_C(40) << 20);
    o = shell(f, "true");
    assert_true(o->r.usage.memory_peak_bytes < INT64_C(40) << 20);
    assert_int_equal(bwrap_sandbox_counts(&f->s).soiled, before.soiled + 1);
}

static void processor_time_is_each_ones_own(void **state)
{
    struct fixture *f = *state;
    struct outcome *o = shell(f, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done");
    int64_t much_ms = o->r.usage.cpu_ms;
    assert_true(much_ms > 10);
    assert_true(shell(f, "true")->r.usage.cpu_ms < much_ms / 2);
}

static void kill_ends_one_and_the_zygote_goes_on(void **state)
{
    struct fixture *f = *state;
    struct sandbox_run run;
    shell(f, "true");
    sleep_ms(20);
    for (int share = -1; share <= 0; share++) { // as it runs, and frozen
        struct bwrap_counts before = bwrap_sandbox_counts(&f->s);
        const struct sandbox_spec spec = {.id = 7, .argv = SHELL("sleep 1000 & sleep 1000"), .capture = true};
        assert_int_equal(f->s.start(f->s.ctx, &spec, now_ms(), &run, NULL), 0);
        assert_int_equal(f->s.set_share(f->s.ctx, 7, share, now_ms(), NULL), 0);
        memset(&f->o, 0, sizeof f->o);
        assert_false(run_for(&f->s, 7, &run, &f->o, 30));
        assert_int_equal(f->s.kill(f->s.ctx, 7), 0);
        assert_true(run_for(&f->s, 7, &run, &f->o, LIMIT_MS));
        assert_true(f->o.r.killed);
        assert_int_equal(f->o.r.signal, SIGKILL);
        assert_string_equal(shell(f, "echo on")->out, "on\n");
        if (share < 0 && before.by_zygote + 2 <= bwrap_sandbox_counts(&f->s).by_zygote)
            assert_int_equal(bwrap_sandbox_counts(&f->s).soiled, before.soiled);
    }
}

// Many one after the other, some killed at any moment: each gets its own end and output, the agent and the
// zygotes keep no descriptor.
static void many_leave_nothing_and_are_not_mistaken(void **state)
{
    struct fixture *f = *state;
    struct sandbox_run run;
    char text[64];
    shell(f, "true");
    int fds = count_entries("/proc/self/fd");
    for (int i = 0; i < MANY; i++) {
        const struct sandbox_spec spec = {
            .id = (uint64_t)i + 1, .argv = ARGV("/bin/sh", "-c", text), .capture = true};
        snprintf(text, sizeof text, "echo %d; exit %d", i, i % 100);
        memset(&f->o, 0, sizeof f->o);
        assert_int_equal(f->s.start(f->s.ctx, &spec, now_ms(), &run, NULL), 0);
        if (i % 5 == 4) {
            sleep_ms(i / 5 % 3);
            f->s.kill(f->s.ctx, spec.id);
        }
        assert_true(run_for(&f->s, spec.id, &run, &f->o, LIMIT_MS));
        if (f->o.r.signal != SIGKILL || !f->o.r.killed)
            assert_int_equal(f->o.r.code, i % 100);
        snprintf(text, sizeof text, "%d\n", i);
        if (f->o.out[0] || !f->o.r.killed)
            assert_string_equal(f->o.out, text);
        assert_true(count_entries("/proc/self/fd") <= fds + 2);
    }
    shell(f, "true");
}

// How many of the fixture's groups have a quota; -1 where another lever is used.
static int groups_with_quota(const struct fixture *f)
{
    struct cgroup_tree t;
    char base[SYSFILE_PATH_MAX], group[SYSFILE_PATH_MAX + 300], text[64];
    int n = 0;
    if (!strstr(f->s.lever(f->s.ctx), "quota") && !strstr(f->s.lever(f->s.ctx), "cpu.max"))
        return -1;
    cgroup_tree_init(&t, 1u << CG_CPU, false);
    snprintf(base, sizeof base, "%s", t.dir[0].path);
    bool v2 = t.dir[0].v2;
    cgroup_tree_deinit(&t);
    owner_name(strrchr(base, '/') + 1, 0); // the fixture's
    DIR *d = opendir(base);
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(group, sizeof group, "%s/%s", base, e->d_name);
        if (e->d_name[0] == 'r' &&
            sysfile_read(group, v2 ? "cpu.max" : "cpu.cfs_quota_us", text, sizeof text) > 0)
            n += text[0] >= '0' && text[0] <= '9';
    }
    assert_non_null(d);
    closedir(d);
    return n;
}

static void share_of_one_is_not_the_next_ones(void **state)
{
    struct fixture *f = *state;
    shell(f, "true");
    int before = groups_with_quota(f);
    if (before < 0)
        skip();
    play_by_zygote(f, &(struct sandbox_spec){.argv = SHELL("true"), .share_permille = 600});
    assert_int_equal(groups_with_quota(f), before + 1);
    shell(f, "true");
    assert_int_equal(groups_with_quota(f), before);
    play_by_zygote(f, &(struct sandbox_spec){.argv = SHELL("true"), .share_permille = 100});
    assert_int_equal(groups_with_quota(f), before); // so slow is nobody made who waits
}

// Processes that have a command line: zombies have none.
static size_t living(const pid_t *pid, size_t n)
{
    size_t alive = 0;
    for (size_t i = 0; i < n; i++) {
        char dir[32], byte[8];
        snprintf(dir, sizeof dir, "/proc/%d", (int)pid[i]);
        alive += sysfile_read(dir, "cmdline", byte, sizeof byte) > 0;
    }
    return alive;
}

static void agent_with_zygotes(struct fixture *f, int tell_fd, bool busy)
{
    struct sandbox_run run;
    bwrap_sandbox_init(&f->s, &(struct bwrap_config){.root_parent = f->b.root});
    shell(f, "true");
    const struct sandbox_spec spec = {.id = 7, .argv = SHELL("sleep 1000 & sleep 1000")};
    if ((!busy || f->s.start(f->s.ctx, &spec, now_ms(), &run, NULL) == 0) && write(tell_fd, "s", 1) == 1)
        for (;;)
            pause();
    _exit(1);
}

static void wait_for_death(const pid_t *pid, size_t n)
{
    for (int i = 0; living(pid, n) > 0; i++) {
        assert_true(i < LIMIT_MS / 10);
        sleep_ms(10);
    }
}

static void zygotes_die_with_their_agent(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) { // one waits; one has an instance
        int tell[2];
        char byte;
        pid_t below[64];
        assert_int_equal(pipe2(tell, O_CLOEXEC), 0);
        pid_t agent = fork();
        assert_true(agent >= 0);
        if (agent == 0)
            agent_with_zygotes(f, tell[1], i);
        assert_int_equal(read(tell[0], &byte, 1), 1);
        size_t n = procs_below(agent, below, ARRAY_LEN(below));
        assert_true(n >= 3);
        kill(agent, SIGKILL);
        waitpid(agent, NULL, 0);
        wait_for_death(below, n);
        close(tell[0]);
        close(tell[1]);
    }
}

static void zygote_that_dies_is_replaced(void **state)
{
    struct fixture *f = *state;
    pid_t below[64];
    shell(f, "true");
    size_t n = procs_below(getpid(), below, ARRAY_LEN(below));
    assert_true(n >= 3);
    for (size_t i = n; i-- > 0;)
        kill(below[i], SIGKILL);
    wait_for_death(below, n);
    assert_string_equal(play(f, &(struct sandbox_spec){.argv = SHELL("echo served")})->out, "served\n");
    assert_string_equal(shell(f, "echo served")->out, "served\n");
}

// A minute and more passes for it, again and again, until it has nothing left to look after.
static void idle_until_none(const struct sandbox *s)
{
    pid_t below[64];
    for (int i = 0; s->tick(s->ctx, wall_add(now_ms(), 61000)) != -1; i++) {
        assert_true(i < LIMIT_MS / 10);
        sleep_ms(10);
    }
    assert_int_equal(procs_below(getpid(), below, ARRAY_LEN(below)), 0);
}

static void idle_zygotes_go_and_the_end_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct sandbox s, before = f->s;
    struct cgroup_tree t;
    pid_t below[64];
    idle_until_none(&before);
    int fds = count_entries("/proc/self/fd");
    bwrap_sandbox_init(&s, &(struct bwrap_config){.root_parent = f->b.root});
    f->s = s;
    shell(f, "true");
    assert_true(procs_below(getpid(), below, ARRAY_LEN(below)) > 0);
    idle_until_none(&s);
    shell(f, "true");
    s.free(s.ctx);
    f->s = before;
    assert_int_equal(procs_below(getpid(), below, ARRAY_LEN(below)), 0);
    assert_int_equal(count_entries("/proc/self/fd"), fds);
    cgroup_tree_init(&t, ~0u, false); // takes the first free number, so a number left behind shows
    char name[OWNER_NAME_BYTES];
    owner_name(name, 1); // 0 is that of the fixture
    for (int i = 0; i < t.n; i++)
        assert_non_null(strstr(t.dir[i].path, name));
    cgroup_tree_deinit(&t);
}

static int setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    *state = f;
    const char *why;
    if (boxes_init(&f->b) < 0)
        return -1;
    bwrap_sandbox_init(&f->s, &(struct bwrap_config){.root_parent = f->b.root});
    if (!f->s.available(f->s.ctx, &why)) {
        print_error("%s\n", why);
        return -1;
    }
    return place_probe(&f->b);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    f->s.free(f->s.ctx);
    boxes_deinit(&f->b);
    free(f);
    return 0;
}

static int no_groups_here(void)
{
    struct cgroup_tree t;
    int missing = 0;
    cgroup_tree_init(&t, ~0u, false);
    for (int c = 0; c < CG_N; c++)
        missing += !cgroup_where(&t, (enum cgroup_controller)c);
    cgroup_tree_deinit(&t);
    if (missing)
        printf("skipped: %d controllers of control groups are missing, so there are no zygotes\n", missing);
    return missing ? 77 : 0;
}

int main(void)
{
    int none = no_sandbox_here();
    if (!none)
        none = no_groups_here();
    if (none)
        return none;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_come_back_as_a_shell_says_them),
        cmocka_unit_test(inside_is_the_same_as_from_nothing),
        cmocka_unit_test(process_is_born_the_same_as_from_nothing),
        cmocka_unit_test(parent_tells_nothing_and_bears_all),
        cmocka_unit_test(standard_input_is_each_ones_own),
        cmocka_unit_test(dangerous_calls_are_refused),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(nothing_of_an_instance_is_left_for_the_next),
        cmocka_unit_test(network_that_was_used_is_not_used_again),
        cmocka_unit_test(sockets_in_flight_are_not_met_by_the_next),
        cmocka_unit_test(group_that_held_much_memory_is_not_used_again),
        cmocka_unit_test(processor_time_is_each_ones_own),
        cmocka_unit_test(kill_ends_one_and_the_zygote_goes_on),
        cmocka_unit_test(many_leave_nothing_and_are_not_mistaken),
        cmocka_unit_test(share_of_one_is_not_the_next_ones),
        cmocka_unit_test(zygotes_die_with_their_agent),
        cmocka_unit_test(zygote_that_dies_is_replaced),
        cmocka_unit_test(idle_zygotes_go_and_the_end_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
