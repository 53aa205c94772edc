/* One process at a time has the directory: other processes, and children of fork. */
#define _GNU_SOURCE
#include "durable.h"
#include "fixtures.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int verify_5(void) { return verify_number(5); }
static int verify_6(void) { return verify_number(6); }

static void one_process(void) {
    start();
    expect_accepted(0, 5);
    CHECK_INT(SYSTEM_ERROR, in_child(set_directory));
    CHECK_INT(SYSTEM_ERROR, in_child(initialize));
    CHECK_INT(SYSTEM_ERROR, in_child(verify_5));
    expect_accepted(5, 6);
    /* Another process gets it after this one has closed it. */
    free_pos_verify();
    CHECK_INT(SUCCESS, in_child(set_directory));
    CHECK_INT(SUCCESS, init(KEY_LIST, CARD_TYPES));
    expect_refused(0, 6);
}

/* A daemon: its parent exits, and the child continues with the directory. */
static void daemon_process(void) {
    start();
    expect_accepted(0, 5);
    int ends[2], result = 0;
    CHECK_INT(0, pipe(ends));
    pid_t parent = fork();
    if (parent == 0) {
        posoffline_set_state_dir(directory); /* refused while its parent has the directory */
        _exit(verify_6() == SYSTEM_ERROR ? 0 : 1);
    }
    waitpid(parent, &result, 0);
    CHECK_INT(0, result);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(ends[1]);
        /* Waits until the parent has closed the directory. */
        if (read(ends[0], &byte, 1) != 1) _exit(1);
        _exit(
            verify_5() == SUCCESS && verify_5() == QRCODE_DUPLICATED && verify_number(4) == QRCODE_DUPLICATED ? 0 : 2);
    }
    free_pos_verify();
    CHECK_INT(1, write(ends[1], "x", 1));
    close(ends[0]);
    close(ends[1]);
    waitpid(child, &result, 0);
    CHECK_INT(0, WIFEXITED(result) ? WEXITSTATUS(result) : -1);
    restart();
    expect_refused(0, 6);
}

/* A child that bypassed the fork handlers, as _Fork() makes it. */
static void unseen_fork(void) {
    start();
    expect_accepted(0, 5);
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(verify_number(4) == SYSTEM_ERROR && verify_number(5) == SYSTEM_ERROR ? 0 : 1);
    int result = -1;
    CHECK(child > 0 && waitpid(child, &result, 0) == child);
    CHECK_INT(0, result);
    expect_accepted(5, 6);
    restart();
    expect_refused(0, 6);
}

const struct test child_process_tests[] = {{"a second process is refused", one_process},
    {"a child goes on when its parent lets go", daemon_process},
    {"a child that no handler has seen leaves the parent's journal alone", unseen_fork}, {0}};
