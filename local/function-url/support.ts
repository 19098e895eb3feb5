import { fields, honoured, only, resource, type Support } from '../cloudformation/support.ts';

export const functionUrlSupport: Support = {
  'AWS::Lambda::Url': resource({
    AuthType: only('NONE'),
    Cors: fields({
      AllowCredentials: honoured,
      AllowHeaders: honoured,
      AllowMethods: honoured,
      AllowOrigins: honoured,
      ExposeHeaders: honoured,
      MaxAge: honoured,
    }),
    InvokeMode: only('BUFFERED'),
    TargetFunctionArn: honoured,
  }),
};
