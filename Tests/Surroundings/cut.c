/* cut DIRECTORY REPORTED [RIDES]: a gate in a machine whose power is about to be cut.
 *
 * Starts on the directory and shows every code whose number is in the file REPORTED: each must be refused. Then rides on
 * and prints the number of each code that was accepted, until the power goes or RIDES are over. The journal is made so
 * long before that the first ride rewrites it. */
#define _GNU_SOURCE
#include "gate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Behind what is there: the directory is in nobody's hands yet. */
static void age(const char *directory) {
    FILE *file = fopen(gate_path(directory, "replay.journal"), "ab");
    for (uint32_t i = 0; file && i < 2300; i++) {
        unsigned char entry[32] = "PJ\1A";
        put32(entry + 4, i + 1);
        put32(entry + 8, i * 2654435761u);
        put32(entry + 16, i * 2246822519u | 1);
        put32(entry + 20, NOW - 201000 + i);
        put32(entry + 24, NOW - 200000 + i);
        put32(entry + 28, crc32(entry, 28));
        fwrite(entry, 1, sizeof entry, file);
    }
    if (!file || fflush(file) != 0 || fsync(fileno(file)) != 0 || fclose(file) != 0) abort();
}

/* CUT_LIE: syncs that are not done, all of them or the one of a file that has just been renamed. */
static int is_renamed;

int renameat(int from, const char *old, int to, const char *new) {
    is_renamed = 1;
    return (int)syscall(SYS_renameat, from, old, to, new);
}

int fsync(int file) {
    const char *lie = getenv("CUT_LIE");
    struct stat status;
    int is_first = is_renamed && fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    if (is_first) is_renamed = 0;
    if (lie && (strcmp(lie, "all") == 0 || (is_first && strcmp(lie, "renamed") == 0))) return 0;
    return (int)syscall(SYS_fsync, file);
}

/* Nothing more happens until the power is cut, but that the system writes what it has of the directory, as it would
 * sooner or later by itself. */
static _Noreturn void end(const char *directory, int result, int wrong) {
    int handle = open(directory, O_RDONLY);
    if (handle >= 0) syscall(SYS_fsync, handle);
    printf("end: %d, %d wrong\n", result, wrong);
    fflush(stdout);
    for (;;) pause();
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    unsigned number, next = 0;
    int rides = argc > 3 ? atoi(argv[3]) : 1000, wrong = 0;
    gate_begin();
    FILE *reported = fopen(argv[2], "r");
    static unsigned char is_reported[GATE_CODES];
    while (reported && fscanf(reported, "%u", &number) == 1) is_reported[number] = 1;
    int result = gate_start(argv[1]);
    printf("start: %d, journal: %ld\n", result, gate_journal_size(argv[1]));
    if (result != SUCCESS) end(argv[1], result, wrong);
    for (unsigned i = 0; i < GATE_CODES; i++) {
        if (!is_reported[i]) continue;
        result = gate_ride(i);
        if (result != QRCODE_DUPLICATED) wrong++, printf("wrong: code %u is answered with %d\n", i, result);
        next = i + 1;
    }
    free_pos_verify();
    age(argv[1]);
    result = gate_start(argv[1]);
    for (; result == SUCCESS && rides-- > 0; next++) {
        /* A code that was on its way when the power went may be in the journal. */
        int answer = gate_ride(next);
        if (answer == SUCCESS) printf("accepted: %u\n", next), fflush(stdout);
        else if (answer != QRCODE_DUPLICATED) result = answer;
    }
    end(argv[1], result, wrong);
}
