/*
 * posoffline.h: what libposoffline.so offers beyond pos_crypto.h
 *
 * The rules at the head of pos_crypto.h (threads, ownership, output, failure) hold here as well.
 */
#ifndef POSOFFLINE_H
#define POSOFFLINE_H

#include "pos_crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header; get_version() returns that of the library in use. 版本号 */
#define POSOFFLINE_VERSION "1.0.0"

/* The least that each buffer of a response must hold, in bytes. 空间大小 */
#define POSOFFLINE_UID_MIN 17
#define POSOFFLINE_RECORD_MIN 2048
#define POSOFFLINE_CARD_NO_MIN 17
#define POSOFFLINE_CARD_DATA_MIN 65
#define POSOFFLINE_CARD_TYPE_MIN 9
#define POSOFFLINE_VERSION_MIN 16

/* A record buffer of this size, in bytes, holds every record, whatever pos_param. 脱机记录 */
#define POSOFFLINE_RECORD_MAX 3072

/* The longest pos_param, in bytes without its NUL. */
#define POSOFFLINE_POS_PARAM_MAX 1024

/* The shortest and the longest record key, in bytes. 脱机记录密钥 */
#define POSOFFLINE_RECORD_KEY_MIN 16
#define POSOFFLINE_RECORD_KEY_MAX 64

/*
 * Set the secret that signs this terminal's records. 设置脱机记录密钥
 *
 * The key is an operator's own: random bytes, the same in the back office. Until one is set, records are signed with
 * a development key that this project publishes, and whoever checks such a record is told so. A key set here holds
 * until it is replaced or free_pos_verify is called, and comes before one from the environment. The library keeps a
 * copy and wipes it when it is replaced or dropped.
 *
 * Firmware that cannot be changed sets POSOFFLINE_RECORD_KEY_FILE in the environment instead: the path of a file with
 * 32 to 128 hex digits, white space after them allowed, 159 bytes at most. init_pos_verify reads it, and returns
 * ILLEGAL_PARAM when it cannot be read or is malformed; so does verify_qrcode where no init_pos_verify has succeeded,
 * and returns SYSTEM_ERROR. The variable is ignored while the process has another effective user or group than its
 * real one. No other thread may change the environment meanwhile (pos_crypto.h, "Environment").
 *
 *   key      in: 密钥, key_len bytes
 *   key_len  in: 密钥长度, from POSOFFLINE_RECORD_KEY_MIN to POSOFFLINE_RECORD_KEY_MAX
 *
 * Returns SUCCESS
 *         ILLEGAL_PARAM  key is NULL or key_len out of range; the key that was in force stays in force
 *         SYSTEM_ERROR   exit() has ended the library
 *
 *     posoffline_set_record_key(key, sizeof key);
 */
int posoffline_set_record_key(const unsigned char *key, int key_len);

/*
 * Keep accepted codes in a directory, so that they outlive the power. 设置状态目录
 *
 * Without it, a code that was accepted can be accepted once more after a restart, as long as it is in its window. With
 * it, a code is on the disk before SUCCESS is returned, and is read back here. What was accepted before the call is
 * written there as well. Call it at start, before the first code; docs/journal.md says what it costs and what it
 * withstands.
 *
 * One process at a time may use a directory. The setting stays: free_pos_verify closes the directory, and the next
 * init_pos_verify or verification opens it again. Another path replaces it and gets what is in memory, which after
 * free_pos_verify is nothing. The same one again asks the disk whether it works, and opens the directory anew by its path
 * where it does not or the path leads elsewhere; so does init_pos_verify. In the child of a fork() the directory is closed,
 * and the child can verify once the parent has let go of it.
 *
 * Afterwards verify_qrcode and verify_qrcode_v2 return SYSTEM_ERROR when the disk fails or is full: the code is then
 * not marked as accepted.
 *
 * Firmware that cannot be changed sets POSOFFLINE_STATE_DIR in the environment instead, which init_pos_verify reads and
 * treats alike: it returns what this function would. So does verify_qrcode where no init_pos_verify has succeeded, and
 * returns SYSTEM_ERROR when the directory cannot be used. A directory set by a call comes before it. The variable is
 * ignored while the process has another effective user or group than its real one. No other thread may change the
 * environment meanwhile (pos_crypto.h, "Environment").
 *
 * The library keeps two descriptors, of the directory and of a file in it, which are never 0, 1 or 2. Do not close
 * descriptors that you did not open: entries would go into whatever file gets their number.
 *
 *   path  in: 目录, an existing directory. An absolute path: a relative one is another directory after chdir()
 *
 * Returns SUCCESS           the disk answered just now
 *         ILLEGAL_PARAM     path is NULL, no directory, or nothing can be written there; or what stands there as
 *                           replay.journal is no regular file (docs/journal.md, "Errors")
 *         SYSTEM_ERROR      another process uses the directory, or the disk fails or the system refuses otherwise; or
 *                           exit() has ended the library
 *         NO_ENOUGH_MEMORY
 *         After a failure everything is as before: the directory that was set, if any, stays set, and without one
 *         codes are accepted and kept in memory alone.
 *
 *     if (posoffline_set_state_dir("/var/lib/gate") != SUCCESS) ...
 */
int posoffline_set_state_dir(const char *path);

/*
 * Say in English, to the operator, what a result means. 错误描述
 *
 *   code  in: any result of this library
 *
 * Returns a static string in ASCII, never NULL; for a value that is no result, one that says so.
 *
 *     fprintf(log, "%s\n", posoffline_strerror(result));
 */
const char *posoffline_strerror(int code);

/*
 * Say in Chinese, to the rider, what to do now. 提示语
 *
 * The words of the terminal standard: 请上车 for SUCCESS; 无效码 for -1, -5, -8 and -11; 请刷新 for -2, -3 and -12;
 * 系统错误 for -4; 网络异常 for every other value. A terminal that sees the same code again within three seconds of
 * accepting it stays silent: the rider has not lowered the phone yet.
 *
 *   code  in: any result of this library
 *
 * Returns a static string in UTF-8, never NULL.
 *
 *     display(posoffline_prompt(result));
 */
const char *posoffline_prompt(int code);

#ifdef __cplusplus
}
#endif

#endif /* POSOFFLINE_H */
