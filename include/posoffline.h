/*
 * posoffline.h: what libposoffline.so offers beyond pos_crypto.h
 *
 * The rules at the head of pos_crypto.h (NULL, failure, output, ownership, threads) hold here too.
 */
#ifndef POSOFFLINE_H
#define POSOFFLINE_H

/* Include this header before pos_crypto.h, and the compiler warns about an ignored result of a verification. */
#ifndef POSOFFLINE_WARN_UNUSED
#define POSOFFLINE_WARN_UNUSED
#endif
#include "pos_crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header; get_version() returns that of the library in use. 版本号 */
#define POSOFFLINE_VERSION "1.0.0"
#define POSOFFLINE_VERSION_MAJOR 1
#define POSOFFLINE_VERSION_MINOR 0
#define POSOFFLINE_VERSION_PATCH 0

/* The same as one number, for #if: 10000 for 1.0.0, 10203 for 1.2.3. */
#define POSOFFLINE_VERSION_NUMBER                                                                                      \
    (POSOFFLINE_VERSION_MAJOR * 10000 + POSOFFLINE_VERSION_MINOR * 100 + POSOFFLINE_VERSION_PATCH)

/* The minimum size of each buffer of a response, in bytes. 空间大小 */
#define POSOFFLINE_UID_MIN 17
#define POSOFFLINE_RECORD_MIN 2048
#define POSOFFLINE_CARD_NO_MIN 17
#define POSOFFLINE_CARD_DATA_MIN 65
#define POSOFFLINE_CARD_TYPE_MIN 9
#define POSOFFLINE_VERSION_MIN 16

/* The size of a record buffer that holds every record, in bytes. 脱机记录 */
#define POSOFFLINE_RECORD_MAX 3072

/* The longest pos_param, in bytes without its NUL. */
#define POSOFFLINE_POS_PARAM_MAX 1024

/* The shortest and the longest record key, in bytes. 脱机记录密钥 */
#define POSOFFLINE_RECORD_KEY_MIN 16
#define POSOFFLINE_RECORD_KEY_MAX 64

/*
 * Set the secret key that signs this terminal's records. 设置脱机记录密钥
 *
 * Use random bytes that only the terminal and the back office have. Until a key is set, records are signed with a
 * development key that this project publishes, and such a record proves nothing. A key set here stays until it is replaced
 * or free_pos_verify is called, and comes before one from the environment. The library keeps a copy and wipes it when it
 * is replaced or dropped.
 *
 * Firmware that cannot be changed sets POSOFFLINE_RECORD_KEY_FILE in the environment instead: the path of a file with
 * 32 to 128 hex digits and optional white space after them, at most 159 bytes. init_pos_verify reads the file, and returns
 * ILLEGAL_PARAM when it cannot be read or is malformed. verify_qrcode reads it where no init_pos_verify has succeeded, and
 * then returns SYSTEM_ERROR. The variable is ignored in a process whose effective user or group is not its real one.
 *
 *   key      in: 密钥, key_len bytes
 *   key_len  in: 密钥长度, from POSOFFLINE_RECORD_KEY_MIN to POSOFFLINE_RECORD_KEY_MAX
 *
 * Returns SUCCESS        the key is in force
 *         ILLEGAL_PARAM  key is NULL, or key_len is out of range; the key before stays in force
 *         SYSTEM_ERROR   exit() has ended the library
 *
 *     posoffline_set_record_key(key, sizeof key);
 */
int posoffline_set_record_key(const unsigned char *key, int key_len);

/*
 * Keep accepted codes in a directory, so that they survive a loss of power. 设置状态目录
 *
 * Call it at start, before the first code. Codes that are in the directory are read; codes in memory are written to it.
 * Afterwards a verification returns SUCCESS only when the code is on the disk, and SYSTEM_ERROR when the disk fails or is
 * full: the code is then not marked as accepted. One process at a time may use a directory. The setting survives
 * free_pos_verify. Another path replaces it; the same path again checks the disk. docs/journal.md describes the files, the
 * cost, and what this does and does not protect against.
 *
 * The library holds two open descriptors, never 0, 1 or 2. Do not close descriptors that you did not open: entries would
 * go into the file that gets their number next.
 *
 * Firmware that cannot be changed sets POSOFFLINE_STATE_DIR in the environment instead. init_pos_verify reads it and
 * returns what this function would. verify_qrcode reads it where no init_pos_verify has succeeded, and returns
 * SYSTEM_ERROR when the directory cannot be used. A directory set by a call comes before it. The variable is ignored in a
 * process whose effective user or group is not its real one.
 *
 *   path  in: 目录, an existing directory; use an absolute path, because a relative one changes its meaning after chdir()
 *
 * Returns SUCCESS           the directory is in use, and the disk works now
 *         ILLEGAL_PARAM     path is NULL, is not a directory, or is not writable; or replay.journal in it is not a regular
 *                           file (docs/journal.md, "Errors")
 *         SYSTEM_ERROR      another process uses the directory, or the disk fails; or exit() has ended the library
 *         NO_ENOUGH_MEMORY  an allocation failed
 * After a failure the setting is unchanged: a directory that was set stays set, and without one codes are kept in memory
 * alone.
 *
 *     if (posoffline_set_state_dir("/var/lib/gate") != SUCCESS) ...
 */
int posoffline_set_state_dir(const char *path);

/*
 * Describe a result in English, for the operator. 错误描述
 *
 *   code  in: any result of this library
 *
 * Returns a static ASCII string, never NULL. An unknown value gets a string that says so.
 *
 *     fprintf(log, "%s\n", posoffline_strerror(result));
 */
const char *posoffline_strerror(int code);

/*
 * The prompt in Chinese for the rider. 提示语
 *
 * The texts of the terminal standard: 请上车 for SUCCESS; 无效码 for -1, -5, -8 and -11; 请刷新 for -2, -3 and -12;
 * 系统错误 for -4; 网络异常 for every other value. A terminal that sees the same code again within three seconds of
 * accepting it shows nothing: the phone is still in front of the camera.
 *
 *   code  in: any result of this library
 *
 * Returns a static UTF-8 string, never NULL.
 *
 *     display(posoffline_prompt(result));
 */
const char *posoffline_prompt(int code);

#ifdef __cplusplus
}
#endif

#endif /* POSOFFLINE_H */
