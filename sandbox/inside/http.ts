import http from 'node:http';
import https from 'node:https';

/** Status of a GET, whatever certificate is shown: for readiness of the sandbox's own programs only. */
export const statusOf = (url: string, headers: Record<string, string> = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    const options = { headers, rejectUnauthorized: false, timeout: 2_000 };
    const request = (url.startsWith('https:') ? https : http).get(url, options, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
    });
    request.once('timeout', () => request.destroy(new Error('timeout')));
    request.once('error', reject);
  });

/** Whether a GET answers 200. */
export const answers = async (url: string, headers: Record<string, string> = {}): Promise<boolean> =>
  (await statusOf(url, headers)) === 200;
