/* The word between `start` and the init stage that waits: a byte down says start. A byte comes up
 * right before the program is executed, a struct hk_err where something fails before or there, and at
 * the end of file it has been executed, or nobody is left. */
#ifndef HK_LIB_HANDSHAKE_H
#define HK_LIB_HANDSHAKE_H

struct hk_err;

#define HK_START_FIFO  "exec.fifo"
#define HK_RESULT_FIFO "exec.result"

struct hk_handshake {
	int start;	 /* init's end, HK_SLOT_START */
	int result;	 /* init's end, HK_SLOT_RESULT */
	int result_read; /* ours; -1 with fifos */
};

void hk_handshake_init(struct hk_handshake *handshake);
void hk_handshake_done(struct hk_handshake *handshake);

/* For create: two FIFOs in the state directory, for a later `start` from any process. */
int hk_handshake_fifos(int dir, struct hk_handshake *ret, struct hk_err *err);
/* For run: two pipes, the start byte already in. */
int hk_handshake_pipes(struct hk_handshake *ret, struct hk_err *err);
/* For exec: nobody waits for start, only the outcome comes through a pipe. */
int hk_handshake_outcome(struct hk_handshake *ret, struct hk_err *err);

/* How far the start of a container is, by its start FIFO. */
enum hk_start_phase {
	HK_START_AWAITED, /* the init stage waits for it */
	HK_START_SAID,	  /* `start` is at work, or was killed behind its word */
	HK_START_DONE,	  /* the FIFO has been removed, or never was: `run` has none */
};

/* fifo is below dir. */
enum hk_start_phase hk_handshake_phase(int dir, const char *fifo);
/* Say start through the FIFOs and wait for the outcome; where that is an error, a moment for the end of
 * the init stage too, whose pidfd it is. */
int hk_handshake_start(int dir, int pidfd, struct hk_err *err);
/* Wait for the outcome; -ESRCH where the init stage was killed before it could execute the program. Our
 * copy of the write end must be closed. */
int hk_handshake_await(int result, int pidfd, struct hk_err *err);

#endif
