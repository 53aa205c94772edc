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
 * 32 to 128 hex digits, white space after them allowed, 159 bytes at most. init_pos_verify reads it, and returns ILLEGAL_PARAM when it
 * cannot be read or is malformed. A set-user-id or set-group-id process ignores the variable.
 *
 *   key      in: 密钥, key_len bytes
 *   key_len  in: 密钥长度, from POSOFFLINE_RECORD_KEY_MIN to POSOFFLINE_RECORD_KEY_MAX
 *
 * Returns SUCCESS
 *         ILLEGAL_PARAM  key is NULL or key_len out of range; the key that was in force stays in force
 *
 *     posoffline_set_record_key(key, sizeof key);
 */
int posoffline_set_record_key(const unsigned char *key, int key_len);

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
