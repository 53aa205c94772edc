/*
 * pos_crypto.h: verify transit QR codes offline
 * 离线公交码验证
 *
 * This header is the manual of libposoffline.so. It declares the interface that terminal firmware links today: the
 * same names, structures and values as the library in the field, so that firmware need not change. Extensions are in
 * posoffline.h. docs/format.md and docs/rules.md in the source tree say what a code is and why it is refused.
 *
 *     cc firmware.c -lposoffline
 *
 * What holds for every function:
 *
 *   NULL         No pointer may be NULL: no argument, and no pointer in a structure. A NULL is ILLEGAL_PARAM.
 *   Failure      A function that does not return SUCCESS has written nothing: no buffer, no length. Outputs keep their
 *                content.
 *   Output       The library prints nothing. It writes no byte beyond a length that the caller gave.
 *   Ownership    Every buffer belongs to the caller. The library keeps no pointer to it after the call. Input is copied
 *                before anything is written, so that a response buffer may overlap the request.
 *   Threads      Thread-safe. Exception: a thread with its own table of descriptors (unshare(CLONE_FILES)) must not call.
 *                Of two threads that present the same code at the same moment, exactly one gets SUCCESS. A verification
 *                that runs during an init_pos_verify finishes with the lists that it started with.
 *   Clock        time(), in Unix seconds. Set the clock before the first verification.
 *   Stack        A verification needs at most 16 KiB of stack.
 *   Signals      Not async-signal-safe. Do not longjmp out of a call. A signal handler may fork(). While a call holds the
 *                library's lock, also during a write to a state directory, signals are blocked in its thread and are
 *                delivered afterwards. Not blocked are SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS and SIGTRAP: their handlers
 *                must not fork(). SIGKILL ends the process at any time.
 *   Fork         A child of fork() inherits the lists and the replay memory; afterwards parent and child remember codes
 *                separately. Let the first call return before you fork. A child that shares memory with its parent
 *                (vfork(), CLONE_VM) must not call. A handler of pthread_atfork() must not call. Do not hold a lock that
 *                such a handler takes during a call.
 *   Cancelling   A cancelled thread finishes its call first. A thread with asynchronous cancellation must not call.
 *   Exit         exit() ends the library. From then on every call that needs a setting returns SYSTEM_ERROR at once.
 *                exit() does not wait for a call in another thread. The settings are dropped and the record key is wiped
 *                at once, or when another thread that holds the library's lock releases it: a code that is being written
 *                to a state directory gets its result first. _exit() does nothing of this.
 *   Environment  init_pos_verify, and verify_qrcode without it, read two variables (posoffline.h) with getenv(). POSIX
 *                allows no change of the environment in another thread meanwhile, not even of another variable: setenv(),
 *                putenv(), unsetenv() and assignments to environ can crash the process. Set variables before the first
 *                thread starts.
 */
#ifndef POS_CRYPTO_H
#define POS_CRYPTO_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * An ignored result of a verification opens the gate for everyone, so the compiler can warn about one. It does so where
 * posoffline.h is included first, or where POSOFFLINE_WARN_UNUSED is defined. It does not with this header alone, because
 * firmware that exists must build unchanged, also with -Werror. POSOFFLINE_NO_WARN_UNUSED turns the warning off.
 */
#if defined POSOFFLINE_WARN_UNUSED && !defined POSOFFLINE_NO_WARN_UNUSED && defined __GNUC__
#define POSOFFLINE_CHECK_RESULT __attribute__((warn_unused_result))
#else
#define POSOFFLINE_CHECK_RESULT
#endif

/* ------------------------------------------------------------------------------------------------------------------
 * Results 返回值 (错误码说明)
 * ------------------------------------------------------------------------------------------------------------------ */

/* 成功: the call did what it says. For verify_qrcode_v2: open the gate, keep the record. */
#define SUCCESS 1

/* 二维码格式错误: not a well-formed code, or one of its signatures does not verify. */
#define MALFORMED_QRCODE (-1)

/* 二维码信息失效: the code was generated too long ago, or too far in the future for this terminal's clock.
 * 提示用户刷新二维码: ask the rider to refresh the code. If every rider gets this, check the terminal's clock. */
#define QRCODE_INFO_EXPIRED (-2)

/* 二维码密钥失效: the rider's credential has expired.
 * 提示用户联网刷新离线公交码: the rider must go online once. */
#define QRCODE_KEY_EXPIRED (-3)

/* pos_param 错误: pos_param is not a JSON object with the four members that verify_qrcode_v2 asks for. */
#define POS_PARAM_ERROR (-4)

/* 用户单笔额度超限: amount_cent is above this rider's limit for one trip. The code stays valid for less. */
#define QUOTA_EXCEEDED (-5)

/* 内存不足: an allocation failed. Nothing was accepted; the same call may succeed later. */
#define NO_ENOUGH_MEMORY (-6)

/* 系统内部错误: the clock cannot be read, the state directory or the key file (posoffline.h) cannot be used, or exit() has
 * ended the library. Nothing was accepted. */
#define SYSTEM_ERROR (-7)

/* 卡类型不支持: the code is of a card type that is not in the list given to init_pos_verify. */
#define CARDTYPE_UNSUPPORTED (-8)

/* 未执行初始化: init_pos_verify has not succeeded yet, or free_pos_verify was called since. */
#define NOT_INITIALIZED (-9)

/* 参数错误: a bad argument (NULL, a length below its minimum or too small for the result, a negative amount, bad
 * initialisation JSON); or the code's issuer key is not in the key list: fetch a new list. */
#define ILLEGAL_PARAM (-10)

/* 不支持的协议版本: the code's first byte, its protocol version, is not 2. */
#define PROTO_UNSUPPORTED (-11)

/* 重复的二维码: this terminal has accepted this code already. */
#define QRCODE_DUPLICATED (-12)

/* 支付宝公交付款码的卡类型: the card type of the plain transit code, as card_type_list spells it. */
#define ANT_BUS_PAY "ANT00001"

/* ------------------------------------------------------------------------------------------------------------------
 * Structures. Lengths are in bytes. Sizes and offsets are those of the C compiler's natural alignment: with 64-bit
 * pointers 16, 64, 32, 80, 40 and 32 bytes in the order below; with 32-bit pointers 8, 32, 16, 40, 20 and 16.
 *
 * Every *_len of a response is in/out: before the call the size of its buffer; after SUCCESS the true length of what
 * was written, without the NUL that ends uid, record, card_no and card_type. Set it again before every call.
 * ------------------------------------------------------------------------------------------------------------------ */

/* The input of get_qrcode_info. 获取二维码信息的请求 */
typedef struct _info_request {
    const unsigned char *qrcode; /* in: 二进制二维码, the bytes of the code as scanned, not hex */
    int qrcode_len;              /* in: 二维码长度, at least 1 */
} INFO_REQUEST;

/* The output of get_qrcode_info. 获取二维码信息的响应 */
typedef struct _info_response {
    char *uid;                /* out: 用户 id, 16 characters and a NUL */
    int uid_len;              /* in/out: uid 空间大小, at least 17 */
    char *card_no;            /* out: 卡号, characters and a NUL; empty when the code carries none */
    int card_no_len;          /* in/out: 卡号空间大小, at least 17; issued card numbers have at most 16 characters */
    unsigned char *card_data; /* out: 卡数据, raw bytes, no NUL */
    int card_data_len;        /* in/out: 卡数据空间大小, at least 65; issued card data has at most 64 bytes */
    char *card_type;          /* out: 卡类型, 8 characters and a NUL; empty for the plain transit code (ANT00001) */
    int card_type_len;        /* in/out: 卡类型空间大小, at least 9 */
} INFO_RESPONSE;

/* The input of verify_qrcode_v2. 验证用户二维码的请求 */
typedef struct _verify_request_v2 {
    const unsigned char *qrcode; /* in: 二进制二维码, the bytes of the code as scanned, not hex */
    int qrcode_len;              /* in: 二维码长度, at least 1 */
    const char *pos_param;       /* in: 商户 pos 信息, JSON, at most 1024 bytes and a NUL; see verify_qrcode_v2 */
    int amount_cent;             /* in: 交易金额, the fare in cents (分), 0 or more; 0: not known yet (a metro entry) */
} VERIFY_REQUEST_V2;

/* The output of verify_qrcode_v2. 验证用户二维码的响应 */
typedef struct _verify_response_v2 {
    char *uid;                /* out: 用户 id, 16 characters and a NUL */
    int uid_len;              /* in/out: uid 空间大小, at least 17 */
    char *record;             /* out: 脱机记录, the signed record, uppercase hex and a NUL */
    int record_len;           /* in/out: 脱机记录空间大小, at least 2048; 3072 holds every record */
    char *card_no;            /* out: 卡号, characters and a NUL; empty when the code carries none */
    int card_no_len;          /* in/out: 卡号空间大小, at least 17; issued card numbers have at most 16 characters */
    unsigned char *card_data; /* out: 卡数据, raw bytes, no NUL */
    int card_data_len;        /* in/out: 卡数据空间大小, at least 65; issued card data has at most 64 bytes */
    char *card_type;          /* out: 卡类型, 8 characters and a NUL; empty for the plain transit code (ANT00001) */
    int card_type_len;        /* in/out: 卡类型空间大小, at least 9 */
} VERIFY_RESPONSE_V2;

/* The input of the older verify_qrcode. */
typedef struct _verify_request {
    const unsigned char *qrcode; /* in: 二进制二维码, the bytes of the code as scanned, not hex */
    int qrcode_len;              /* in: 二维码长度, at least 1 */
    const char *master_pub_key;  /* in: 主密钥, the issuer's public key, 66 hex digits and a NUL */
    const char *pos_param;       /* in: 商户 pos 信息, as in VERIFY_REQUEST_V2 */
    int amount_cent;             /* in: 交易金额, as in VERIFY_REQUEST_V2 */
} VERIFY_REQUEST;

/* The output of the older verify_qrcode. */
typedef struct _verify_response {
    char *uid;      /* out: 用户 id, 16 characters and a NUL */
    int uid_len;    /* in/out: uid 空间大小, at least 17 */
    char *record;   /* out: 脱机记录, the signed record, uppercase hex and a NUL */
    int record_len; /* in/out: 脱机记录空间大小, at least 2048; 3072 holds every record */
} VERIFY_RESPONSE;

/* ------------------------------------------------------------------------------------------------------------------
 * Functions
 * ------------------------------------------------------------------------------------------------------------------ */

/*
 * Load the issuer's public keys and the card types that this terminal accepts. 离线验证 SDK 初始化
 *
 * Call it at start and whenever a new key list arrives. Each success replaces both lists. Accepted codes stay remembered.
 * Both texts are strict JSON (RFC 8259) in UTF-8, with nothing but white space after it.
 *
 *   key_list        in: 密钥列表, a JSON array of 1 to 256 objects. In each, key_id is an integer from 0 to 255 and
 *                   public_key is 66 hex digits of either case, a compressed point of secp256k1. Other members are
 *                   ignored. The same id may stand twice only with the same key.
 *   card_type_list  in: 卡类型列表, a JSON array of one or more strings of exactly eight printable ASCII characters.
 *                   ANT_BUS_PAY stands for the plain transit code.
 *
 * Returns SUCCESS            the new lists are in force
 *         ILLEGAL_PARAM      a list is malformed; or POSOFFLINE_RECORD_KEY_FILE is set (posoffline.h) and its file cannot
 *                            be read or is not a key; or a state directory is set and posoffline_set_state_dir would
 *                            refuse its path now
 *         SYSTEM_ERROR       another process uses the state directory, or its disk fails; or exit() has ended the library
 *         NO_ENOUGH_MEMORY   an allocation failed
 * After a failure the lists that were in force before stay in force.
 *
 *     init_pos_verify("[{\"key_id\":0,\"public_key\":\"02AB2F...\"}]", "[\"ANT00001\"]");
 */
int init_pos_verify(const char *key_list, const char *card_type_list);

/*
 * Read the rider and the card from a code without a decision. 获取公交码信息
 *
 * It checks no signature, no time, no list and no replay: anyone can print a code with any content. To open a gate call
 * verify_qrcode_v2.
 *
 *   request   in: 验证请求
 *   response  in/out: 验证响应, four buffers and their lengths
 *
 * Returns, in the order of the checks,
 *         SYSTEM_ERROR       exit() has ended the library
 *         NOT_INITIALIZED    call init_pos_verify first
 *         ILLEGAL_PARAM      an argument is NULL, or a length is below its minimum
 *         PROTO_UNSUPPORTED  the protocol version is not 2
 *         MALFORMED_QRCODE   the code is malformed
 *         ILLEGAL_PARAM      a value does not fit its buffer
 *         SUCCESS            the four values and their lengths are written
 *
 *     INFO_REQUEST request = {bytes, length};
 *     if (get_qrcode_info(&request, &response) == SUCCESS) puts(response.uid);
 */
int get_qrcode_info(INFO_REQUEST *request, INFO_RESPONSE *response);

/*
 * Decide whether a code is genuine, fresh and unused, and write its signed record. 离线公交码验证
 *
 * The first check that fails names the result. A code that fails is not remembered: a rider above the limit may pay a
 * lower fare with the same code. An accepted code is remembered until its window has ended, however many others come
 * between. It is recognised by its signed content, not by its bytes: another encoding of the same code is the same code.
 *
 *   request_v2   in: 验证请求. pos_param is a JSON object with the non-empty strings pos_id, type (SINGLE: a single
 *                trip, IN: a metro entry, OUT: a metro exit), subject and record_id, each once. Other members are
 *                allowed. Its bytes go into the record unchanged.
 *   response_v2  in/out: 验证响应, five buffers and their lengths
 *
 * Returns, in the order of the checks,
 *         NOT_INITIALIZED       call init_pos_verify first
 *         ILLEGAL_PARAM         an argument is NULL, a length is below its minimum, or amount_cent is negative
 *         PROTO_UNSUPPORTED     the protocol version is not 2
 *         MALFORMED_QRCODE      the code is malformed
 *         CARDTYPE_UNSUPPORTED  the card type is not in the list
 *         QRCODE_DUPLICATED     the code has been accepted before
 *         ILLEGAL_PARAM         the issuer key is not in the list
 *         QRCODE_KEY_EXPIRED    the credential has expired
 *         MALFORMED_QRCODE      the issuer's signature does not verify
 *         QRCODE_INFO_EXPIRED   the code is outside its time window (both ends are inside)
 *         MALFORMED_QRCODE      the rider's signature does not verify
 *         POS_PARAM_ERROR       pos_param is not as described above
 *         QUOTA_EXCEEDED        amount_cent is above the rider's limit
 *         ILLEGAL_PARAM         a result does not fit its buffer
 *         QRCODE_DUPLICATED     another thread accepted the code meanwhile
 *         SUCCESS               放行: open the gate; store the record before the rider has passed
 * At any of these checks:
 *         NO_ENOUGH_MEMORY      an allocation failed
 *         SYSTEM_ERROR          the clock cannot be read, the state directory cannot be used, or exit() has ended the
 *                               library
 *
 * The record is signed with this terminal's record key (posoffline_set_record_key in posoffline.h). Only a holder of that
 * key can check it. It is not a record of the library in the field and does not settle with its vendor.
 *
 *     VERIFY_REQUEST_V2 request = {bytes, length, pos_param, 200};
 *     if (verify_qrcode_v2(&request, &response) == SUCCESS) open_gate(response.record, response.record_len);
 */
POSOFFLINE_CHECK_RESULT int verify_qrcode_v2(VERIFY_REQUEST_V2 *request_v2, VERIFY_RESPONSE_V2 *response_v2);

/* ------------------------------------------------------------------------------------------------------------------
 * Older entry points, for firmware that uses them. New firmware needs only free_pos_verify.
 * ------------------------------------------------------------------------------------------------------------------ */

/*
 * Read the issuer key id of a code. 密钥 ID
 *
 *   qrcode  in: the bytes of a code, at least 3; only the first 3 are read
 *
 * Returns, in the order of the checks,
 *         ILLEGAL_PARAM      qrcode is NULL
 *         PROTO_UNSUPPORTED  the protocol version is not 2
 *         0 to 255           the key id
 *
 *     int id = get_key_id(bytes);
 */
int get_key_id(const unsigned char *qrcode);

/*
 * Decide on a code with an issuer key that the caller has chosen. 离线公交码验证 (旧接口)
 *
 * As verify_qrcode_v2, with these differences: it needs no init_pos_verify; the issuer's key comes from the request; the
 * card type is not checked. Both functions share one replay memory.
 *
 *   request   in: 验证请求
 *   response  in/out: 验证响应, two buffers and their lengths
 *
 * Returns as verify_qrcode_v2, except
 *         NOT_INITIALIZED       never
 *         CARDTYPE_UNSUPPORTED  never
 *         ILLEGAL_PARAM         with the arguments: master_pub_key is not 66 hex digits; at the check of the issuer key:
 *                               it is not a point of the curve
 *
 *     VERIFY_REQUEST request = {bytes, length, "02AB2F...", pos_param, 200};
 *     int result = verify_qrcode(&request, &response);
 */
POSOFFLINE_CHECK_RESULT int verify_qrcode(VERIFY_REQUEST *request, VERIFY_RESPONSE *response);

/*
 * Copy the version of this library. 版本号
 *
 *   version      out: the version and a NUL, such as "1.0.0"
 *   version_len  in: the size of that buffer in bytes, at least 16
 *
 * Returns SUCCESS        the version is written
 *         ILLEGAL_PARAM  version is NULL, or version_len is below 16
 *
 *     char version[16];
 *     get_libposoffline_version(version, sizeof version);
 */
int get_libposoffline_version(char *version, int version_len);

/*
 * Return the version of this library. 版本号
 *
 * Returns a static string: do not change or free it. It is valid as long as the library is loaded. Never fails.
 *
 *     puts(get_version());
 */
char *get_version(void);

/*
 * Drop everything: issuer keys, card types, accepted codes and the record key. 释放资源
 *
 * Afterwards call posoffline_set_record_key and init_pos_verify again. Codes that were accepted before can then be
 * accepted again, so call this at the end and not between riders. A state directory (posoffline.h) is closed and stays set:
 * its codes are read again when they are needed. Never fails; a second call does nothing. Memory is also released when the
 * library is unloaded.
 *
 *     free_pos_verify();
 */
void free_pos_verify(void);

#ifdef __cplusplus
}
#endif

#endif /* POS_CRYPTO_H */
