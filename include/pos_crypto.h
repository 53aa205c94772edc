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
 *   Threads      Any function may be called from any thread at any time, but not from one that has left the process's
 *                table of descriptors (unshare(CLONE_FILES)). Of two threads that present the same code at
 *                the same moment exactly one gets SUCCESS. A call of init_pos_verify during a verification lets that
 *                verification finish with the lists that it started with. A child of fork() inherits the lists and
 *                the replay memory as they were; from then on parent and child remember apart. Let the first call
 *                return before you fork. A child that shares memory with its parent (vfork(), CLONE_VM) must not call.
 *   Exit         exit() ends the library. From then on every call that needs what was set returns SYSTEM_ERROR at once.
 *                It does not wait for a call in another thread. What was set is dropped and the record key wiped, at
 *                once or, where another thread has the library's lock, when that thread releases it: a code that is
 *                being written to a state directory gets its result before. _exit() ends nothing.
 *   Signals      A signal handler must not call, nor leave a call by longjmp. It may fork(). While a call holds the
 *                library's lock, also during its writes to a state directory, no handler runs in its thread: the signal
 *                is delivered afterwards. SIGKILL ends the process at any time. A handler for SIGBUS, SIGFPE, SIGILL,
 *                SIGSEGV, SIGSYS or SIGTRAP runs at any time and must not fork().
 *   Fork         A handler of pthread_atfork() must not call. A lock that such a handler takes must not be held during
 *   handlers     a call.
 *   Cancelling   A thread that is cancelled ends its call first. A thread with asynchronous cancellation must not call:
 *                C libraries end it anywhere.
 *   Ownership    Every buffer is the caller's, before and after the call; the library keeps no pointer to it. Input
 *                is copied before anything is written, so that a response buffer may overlap the request.
 *   Output       Nothing is printed, to no stream, ever. No byte is written past a length that the caller gave.
 *   Failure      A function that does not return SUCCESS has written nothing: no buffer, no length. Outputs keep
 *                whatever the caller had in them.
 *   Clock        The system's clock, time(), in Unix seconds. Set it before the first verification.
 *   Environment  init_pos_verify, and verify_qrcode before it, read two variables (posoffline.h) with getenv(). POSIX lets
 *                no thread change the environment meanwhile, be it another variable: setenv(), putenv(), unsetenv() and
 *                assignments to environ in another thread during such a call can crash the process. Set variables
 *                before the first thread starts.
 *   Stack        A verification needs at most 16 KiB of stack.
 */
#ifndef POS_CRYPTO_H
#define POS_CRYPTO_H

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------------------------
 * Results 返回值 (错误码说明)
 * ------------------------------------------------------------------------------------------------------------------ */

/* 成功: the call did what it says. For verify_qrcode_v2: open the gate, keep the record. */
#define SUCCESS 1

/* 二维码格式错误: not a well-formed code, or a signature in it does not verify. Someone shows something else. */
#define MALFORMED_QRCODE (-1)

/* 二维码信息失效: the code was generated too long ago, or too far in the future for this terminal's clock.
 * 提示用户刷新二维码: ask the rider to refresh the code. If every rider gets this, check the terminal's clock. */
#define QRCODE_INFO_EXPIRED (-2)

/* 二维码密钥失效: the rider's credential has expired.
 * 提示用户联网刷新离线公交码: the rider must go online once. */
#define QRCODE_KEY_EXPIRED (-3)

/* pos_param 错误: pos_param is not a JSON object with the four members that verify_qrcode_v2 asks for. */
#define POS_PARAM_ERROR (-4)

/* 用户单笔额度超限: amount_cent is above what this rider may spend on one trip. The code stays good for less. */
#define QUOTA_EXCEEDED (-5)

/* 内存不足: an allocation failed. Nothing was accepted; the same call may succeed later. */
#define NO_ENOUGH_MEMORY (-6)

/* 系统内部错误: a fault that should not happen: the clock cannot be read, the state directory or the key file
 * (posoffline.h) cannot be used, or the process is ending. Nothing was accepted. */
#define SYSTEM_ERROR (-7)

/* 卡类型不支持: the code is of a card type that is not in the list given to init_pos_verify. */
#define CARDTYPE_UNSUPPORTED (-8)

/* 未执行初始化: no init_pos_verify has succeeded yet, or free_pos_verify was called since. */
#define NOT_INITIALIZED (-9)

/* 参数错误: a bad argument (NULL, a length below its minimum or too small for the result, a negative amount, bad
 * initialisation JSON), or a code made with an issuer key that is not in the key list: fetch a new list. */
#define ILLEGAL_PARAM (-10)

/* 不支持的协议版本: the code's first byte, its protocol version, is not 2. */
#define PROTO_UNSUPPORTED (-11)

/* 重复的二维码: this code has been accepted already, on this terminal. */
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

/* What get_qrcode_info reads. 获取二维码信息的请求 */
typedef struct _info_request {
    const unsigned char *qrcode; /* in: 二进制二维码, the bytes of the code as scanned, not hex */
    int qrcode_len;              /* in: 二维码长度, at least 1 */
} INFO_REQUEST;

/* What get_qrcode_info found. 获取二维码信息的响应 */
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

/* What verify_qrcode_v2 reads. 验证用户二维码的请求 */
typedef struct _verify_request_v2 {
    const unsigned char *qrcode; /* in: 二进制二维码, the bytes of the code as scanned, not hex */
    int qrcode_len;              /* in: 二维码长度, at least 1 */
    const char *pos_param;       /* in: 商户 pos 信息, JSON, at most 1024 bytes and a NUL; see verify_qrcode_v2 */
    int amount_cent;             /* in: 交易金额, the fare in cents (分), 0 or more; 0: not known yet (a metro entry) */
} VERIFY_REQUEST_V2;

/* What verify_qrcode_v2 found and made. 验证用户二维码的响应 */
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

/* What the older verify_qrcode reads. */
typedef struct _verify_request {
    const unsigned char *qrcode; /* in: 二进制二维码, the bytes of the code as scanned, not hex */
    int qrcode_len;              /* in: 二维码长度, at least 1 */
    const char *master_pub_key;  /* in: 主密钥, the issuer's public key, 66 hex digits and a NUL */
    const char *pos_param;       /* in: 商户 pos 信息, as in VERIFY_REQUEST_V2 */
    int amount_cent;             /* in: 交易金额, as in VERIFY_REQUEST_V2 */
} VERIFY_REQUEST;

/* What the older verify_qrcode found and made. */
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
 * Load the issuer's public keys and the card types that this terminal serves. 离线验证 SDK 初始化
 *
 * Call it at start and whenever a new key list arrives; each success replaces both lists as a whole. What has been
 * accepted stays remembered. Strict JSON (RFC 8259) in UTF-8, nothing but white space after it.
 *
 *   key_list        in: 密钥列表, a JSON array of 1 to 256 objects. In each, key_id is an integer from 0 to 255 and
 *                   public_key is 66 hex digits of either case, a compressed point of secp256k1. Other members are
 *                   ignored. The same id may stand twice only with the same key.
 *   card_type_list  in: 卡类型列表, a JSON array of one or more strings of exactly eight printable ASCII characters.
 *                   ANT_BUS_PAY stands for the plain transit code.
 *
 * Returns SUCCESS
 *         ILLEGAL_PARAM     an argument is NULL or is not what is said above; or POSOFFLINE_RECORD_KEY_FILE is set
 *                           (posoffline.h) and its file cannot be read or is not a key; or a state directory is set and
 *                           posoffline_set_state_dir would refuse its path now
 *         SYSTEM_ERROR      the state directory cannot be used otherwise: another process uses it, or its disk fails; or
 *                           exit() has ended the library
 *         NO_ENOUGH_MEMORY  the lists could not be stored
 * After a failure the lists that were in force before stay in force.
 *
 *     init_pos_verify("[{\"key_id\":0,\"public_key\":\"02AB2F...\"}]", "[\"ANT00001\"]");
 */
int init_pos_verify(const char *key_list, const char *card_type_list);

/*
 * Read the rider and the card from a code without deciding anything. 获取公交码信息
 *
 * It checks no signature, no time, no list and no replay: whoever prints a code can make it say anything. To open a
 * gate call verify_qrcode_v2.
 *
 *   request   in: 验证请求
 *   response  in/out: 验证响应, four buffers and their lengths
 *
 * Returns SUCCESS           the four values and their lengths are written
 *         SYSTEM_ERROR      exit() has ended the library
 *         NOT_INITIALIZED   init_pos_verify comes first
 *         ILLEGAL_PARAM     a NULL, a length below its minimum, or a value that does not fit its buffer
 *         PROTO_UNSUPPORTED, MALFORMED_QRCODE  not a code
 * After a failure the response is as it was.
 *
 *     INFO_REQUEST request = {bytes, length};
 *     if (get_qrcode_info(&request, &response) == SUCCESS) puts(response.uid);
 */
int get_qrcode_info(INFO_REQUEST *request, INFO_RESPONSE *response);

/*
 * Decide whether a code is genuine, fresh and unused, and write the signed record of it. 离线公交码验证
 *
 * Checks, in this order; the first that fails names the result: initialised (-9); arguments (-10); the code is well
 * formed (-11, -1); its card type is supported (-8); it has not been accepted before (-12); its issuer key is in the
 * list (-10); the credential has not expired (-3); the issuer's signature (-1); the code is inside its time window,
 * both ends included (-2); the rider's signature (-1); pos_param (-4); amount_cent is within the rider's quota (-5);
 * every result fits its buffer (-10). Then the code is remembered as accepted and the results are written. A code
 * that fails is not remembered: a rider over the quota may pay a lower fare with the same code.
 *
 * A code is remembered for as long as it could be accepted again, however many others come between, and by what was
 * signed rather than by its bytes: another encoding of the same code is the same code.
 *
 *   request_v2   in: 验证请求. pos_param is a JSON object with the non-empty strings pos_id, type (SINGLE: a single
 *                trip, IN: a metro entry, OUT: a metro exit), subject and record_id, each once; other members may be
 *                there. Its bytes go into the record as given.
 *   response_v2  in/out: 验证响应, five buffers and their lengths
 *
 * Returns SUCCESS           放行: open the gate; store the record before the rider is out of sight
 *         any other value above; nothing is written, and the code is not remembered
 *
 * The record is signed with this terminal's record key (posoffline_set_record_key in posoffline.h), and proves itself
 * to whoever holds that key. It is not a record of the library in the field and does not settle with its vendor.
 *
 *     VERIFY_REQUEST_V2 request = {bytes, length, pos_param, 200};
 *     if (verify_qrcode_v2(&request, &response) == SUCCESS) open_gate(response.record, response.record_len);
 */
int verify_qrcode_v2(VERIFY_REQUEST_V2 *request_v2, VERIFY_RESPONSE_V2 *response_v2);

/* ------------------------------------------------------------------------------------------------------------------
 * Older entry points, for firmware that binds them. New firmware needs none but free_pos_verify.
 * ------------------------------------------------------------------------------------------------------------------ */

/*
 * Read the issuer key id of a code. 密钥 ID
 *
 *   qrcode  in: the bytes of a code, at least 3, of which no more are read
 *
 * Returns the key id, 0 to 255
 *         ILLEGAL_PARAM      qrcode is NULL
 *         PROTO_UNSUPPORTED  the protocol version is not 2
 *
 *     int id = get_key_id(bytes);
 */
int get_key_id(const unsigned char *qrcode);

/*
 * Decide on a code with an issuer key that the caller has chosen. 离线公交码验证 (旧接口)
 *
 * As verify_qrcode_v2, except that it needs no init_pos_verify, takes the issuer's key from the request, and does not
 * check the card type. Both functions share one replay memory. The key's 66 hex digits are an argument like the
 * others; that they are a point of the curve is checked where verify_qrcode_v2 looks for the key id.
 *
 *   request   in: 验证请求
 *   response  in/out: 验证响应, two buffers and their lengths
 *
 * Returns as verify_qrcode_v2, without NOT_INITIALIZED and CARDTYPE_UNSUPPORTED. After a failure nothing is written
 * and the code is not remembered.
 *
 *     VERIFY_REQUEST request = {bytes, length, "02AB2F...", pos_param, 200};
 *     int result = verify_qrcode(&request, &response);
 */
int verify_qrcode(VERIFY_REQUEST *request, VERIFY_RESPONSE *response);

/*
 * Copy the version of this library. 版本号
 *
 *   version      out: the version and a NUL, such as "1.0.0"
 *   version_len  in: the size of that buffer, at least 16
 *
 * Returns SUCCESS
 *         ILLEGAL_PARAM  version is NULL or version_len below 16; nothing is written
 *
 *     char version[16];
 *     get_libposoffline_version(version, sizeof version);
 */
int get_libposoffline_version(char *version, int version_len);

/*
 * Return the version of this library. 版本号
 *
 * The string is static: do not change it, do not free it; it lives as long as the library is loaded. Never fails.
 *
 *     puts(get_version());
 */
char *get_version(void);

/*
 * Forget everything: issuer keys, card types, accepted codes and the record key. 释放资源
 *
 * What is set again afterwards starts afresh: call posoffline_set_record_key and init_pos_verify anew. Codes that
 * were accepted before can be accepted again, so call this at the end and not between riders; unless a state directory
 * is set (posoffline.h), which is closed, stays set, and is read again when it is needed. Never fails; calling it
 * twice is harmless. Memory is also given back when the library is unloaded.
 *
 *     free_pos_verify();
 */
void free_pos_verify(void);

#ifdef __cplusplus
}
#endif

#endif /* POS_CRYPTO_H */
