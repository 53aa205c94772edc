/* power-cut DIRECTORY REPORTED [RIDES]: a gate in a machine whose power will be cut.
 *
 * Starts on the directory and presents every code whose number is in the file REPORTED: each must be refused. Then
 * presents RIDES new codes and prints the number of each accepted one. Before that the journal is made so long that the
 * first ride rewrites it, unless CUT_NO_REWRITE is set. */
#define _GNU_SOURCE
#include "gate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Appends expired entries; the library has not opened the directory yet. */
static void add_expired_entries(const char *directory) {
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

/* CUT_FILES: how many other files are made in the directory at the first start. The names of the journal's files then
 * stand in several sectors. */
static void make_files(const char *directory) {
    char name[20];
    int count = getenv("CUT_FILES") ? atoi(getenv("CUT_FILES")) : 0;
    if (count == 0 || access(gate_path(directory, "F0"), F_OK) == 0) return;
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "F%d", i);
        close(open(gate_path(directory, name), O_CREAT | O_WRONLY, 0600));
    }
    sync();
}

static _Noreturn void stop(void) {
    printf("end: 1, 0 wrong\n");
    fflush(stdout);
    for (;;) pause();
}

/* CUT_DEFECT: which syncs are skipped. "all": all; "renamed": that of a file that was just renamed; "above": those of
 * the parent directory; "order": that of the directory after a renaming, with the file synced first. CUT_AFTER_RENAME:
 * the power is cut after the first sync that follows a renaming. */
static int is_renamed, has_renamed;

static int is_above(const struct stat *status) {
    struct stat above;
    return stat("/mnt/disk", &above) == 0 && above.st_ino == status->st_ino;
}

int renameat(int from, const char *old, int to, const char *new) {
    is_renamed = has_renamed = 1;
    return (int)syscall(SYS_renameat, from, old, to, new);
}

int fsync(int file) {
    const char *defect = getenv("CUT_DEFECT");
    struct stat status;
    int is_first = is_renamed && fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    if (is_first) is_renamed = 0;
    if (defect && (strcmp(defect, "all") == 0 || (is_first && strcmp(defect, "renamed") == 0))) return 0;
    if (defect && strcmp(defect, "above") == 0 && fstat(file, &status) == 0 && is_above(&status)) return 0;
    if (defect && strcmp(defect, "order") == 0 && has_renamed && fstat(file, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    int result = (int)syscall(SYS_fsync, file);
    if (has_renamed && getenv("CUT_AFTER_RENAME")) stop();
    return result;
}

/* Waits for the power cut. Syncs the directory first, as the system does by itself some time later. */
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
    make_files(argv[1]);
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
    if (!getenv("CUT_NO_REWRITE")) add_expired_entries(argv[1]);
    result = gate_start(argv[1]);
    for (; result == SUCCESS && rides-- > 0; next++) {
        /* A code that was being verified when the power was cut may be in the journal. */
        int answer = gate_ride(next);
        if (answer == SUCCESS) printf("accepted: %u\n", next), fflush(stdout);
        else if (answer != QRCODE_DUPLICATED) result = answer;
    }
    end(argv[1], result, wrong);
}
