/**
 * Amazon Cognito user pools: pools, clients, users, groups, sign-up, sign-in by password and SRP, tokens and the keys to
 * check them with.
 *
 * Gap: domains and the hosted pages, identity providers, resource servers, multi-factor authentication, devices,
 * passkeys, triggers, threat protection, custom and choice-based sign-in are refused by name.
 * Gap: no mail and no message leaves this machine; what would have been sent stands in the trace (attribute `message`).
 * Quirk: a pool's OAuth settings are kept as given; without a domain they have no effect, here as at AWS.
 */
import { arn } from "../../aws/arn.ts";
import { defineService, suspends, type Ask, type DataPlane } from "../../service.ts";
import type { Cx } from "./lookup.ts";
import * as admin from "./operations/admin-users.ts";
import * as auth from "./operations/auth.ts";
import * as challenges from "./operations/challenges.ts";
import * as clients from "./operations/clients.ts";
import * as groups from "./operations/groups.ts";
import * as pools from "./operations/pools.ts";
import * as self from "./operations/self.ts";
import * as signUp from "./operations/sign-up.ts";
import { resources } from "./resources.ts";
import { UserPools } from "./state.ts";
import { wellKnown } from "./well-known.ts";

const ofPool = (input: { UserPoolId?: string | undefined }, cx: Cx): Ask => ({
  resource: arn("cognito-idp", cx.scope, `userpool/${input.UserPoolId ?? ""}`),
});
const ofNothing = (): Ask => ({ resource: "*" });
const ofTagged = (input: { ResourceArn?: string | undefined }): Ask => ({ resource: input.ResourceArn ?? "*" });
/** AWS: calls of users are unsigned; a client's secret, a code or a token speaks for them. */
const ofUser = (): readonly Ask[] => [];

export const cognitoIdp = defineService({
  api: "cognito-idp",
  iamPrefix: "cognito-idp",
  state: (kernel) => new UserPools(kernel),
  dataPlanes: [wellKnown as DataPlane<UserPools>],
  resources,
  operations: {
    CreateUserPool: suspends(pools.createUserPool),
    DescribeUserPool: pools.describeUserPool,
    ListUserPools: pools.listUserPools,
    UpdateUserPool: pools.updateUserPool,
    DeleteUserPool: pools.deleteUserPool,
    AddCustomAttributes: pools.addCustomAttributes,
    TagResource: pools.tagResource,
    UntagResource: pools.untagResource,
    ListTagsForResource: pools.listTagsForResource,
    CreateUserPoolClient: clients.createUserPoolClient,
    DescribeUserPoolClient: clients.describeUserPoolClient,
    UpdateUserPoolClient: clients.updateUserPoolClient,
    DeleteUserPoolClient: clients.deleteUserPoolClient,
    ListUserPoolClients: clients.listUserPoolClients,
    AdminCreateUser: admin.adminCreateUser,
    AdminGetUser: admin.adminGetUser,
    AdminDeleteUser: admin.adminDeleteUser,
    AdminUpdateUserAttributes: admin.adminUpdateUserAttributes,
    AdminDeleteUserAttributes: admin.adminDeleteUserAttributes,
    AdminSetUserPassword: admin.adminSetUserPassword,
    AdminResetUserPassword: admin.adminResetUserPassword,
    AdminConfirmSignUp: admin.adminConfirmSignUp,
    AdminEnableUser: admin.adminEnableUser,
    AdminDisableUser: admin.adminDisableUser,
    AdminUserGlobalSignOut: admin.adminUserGlobalSignOut,
    ListUsers: admin.listUsers,
    CreateGroup: groups.createGroup,
    GetGroup: groups.getGroup,
    UpdateGroup: groups.updateGroup,
    DeleteGroup: groups.deleteGroup,
    ListGroups: groups.listGroups,
    AdminAddUserToGroup: groups.adminAddUserToGroup,
    AdminRemoveUserFromGroup: groups.adminRemoveUserFromGroup,
    AdminListGroupsForUser: groups.adminListGroupsForUser,
    ListUsersInGroup: groups.listUsersInGroup,
    SignUp: signUp.signUp,
    ConfirmSignUp: signUp.confirmSignUp,
    ResendConfirmationCode: signUp.resendConfirmationCode,
    ForgotPassword: signUp.forgotPassword,
    ConfirmForgotPassword: signUp.confirmForgotPassword,
    InitiateAuth: suspends(auth.initiateAuth),
    AdminInitiateAuth: suspends(auth.adminInitiateAuth),
    RespondToAuthChallenge: suspends(challenges.respondToAuthChallenge),
    AdminRespondToAuthChallenge: suspends(challenges.adminRespondToAuthChallenge),
    GetUser: suspends(self.getUser),
    UpdateUserAttributes: suspends(self.updateUserAttributes),
    DeleteUserAttributes: suspends(self.deleteUserAttributes),
    GetUserAttributeVerificationCode: suspends(self.getUserAttributeVerificationCode),
    VerifyUserAttribute: suspends(self.verifyUserAttribute),
    ChangePassword: suspends(self.changePassword),
    DeleteUser: suspends(self.deleteUser),
    GlobalSignOut: suspends(self.globalSignOut),
    RevokeToken: self.revokeToken,
  },
  authorize: {
    CreateUserPool: ofNothing,
    DescribeUserPool: ofPool,
    ListUserPools: ofNothing,
    UpdateUserPool: ofPool,
    DeleteUserPool: ofPool,
    AddCustomAttributes: ofPool,
    TagResource: ofTagged,
    UntagResource: ofTagged,
    ListTagsForResource: ofTagged,
    CreateUserPoolClient: ofPool,
    DescribeUserPoolClient: ofPool,
    UpdateUserPoolClient: ofPool,
    DeleteUserPoolClient: ofPool,
    ListUserPoolClients: ofPool,
    AdminCreateUser: ofPool,
    AdminGetUser: ofPool,
    AdminDeleteUser: ofPool,
    AdminUpdateUserAttributes: ofPool,
    AdminDeleteUserAttributes: ofPool,
    AdminSetUserPassword: ofPool,
    AdminResetUserPassword: ofPool,
    AdminConfirmSignUp: ofPool,
    AdminEnableUser: ofPool,
    AdminDisableUser: ofPool,
    AdminUserGlobalSignOut: ofPool,
    ListUsers: ofPool,
    CreateGroup: ofPool,
    GetGroup: ofPool,
    UpdateGroup: ofPool,
    DeleteGroup: ofPool,
    ListGroups: ofPool,
    AdminAddUserToGroup: ofPool,
    AdminRemoveUserFromGroup: ofPool,
    AdminListGroupsForUser: ofPool,
    ListUsersInGroup: ofPool,
    SignUp: ofUser,
    ConfirmSignUp: ofUser,
    ResendConfirmationCode: ofUser,
    ForgotPassword: ofUser,
    ConfirmForgotPassword: ofUser,
    InitiateAuth: ofUser,
    AdminInitiateAuth: ofPool,
    RespondToAuthChallenge: ofUser,
    AdminRespondToAuthChallenge: ofPool,
    GetUser: ofUser,
    UpdateUserAttributes: ofUser,
    DeleteUserAttributes: ofUser,
    GetUserAttributeVerificationCode: ofUser,
    VerifyUserAttribute: ofUser,
    ChangePassword: ofUser,
    DeleteUser: ofUser,
    GlobalSignOut: ofUser,
    RevokeToken: ofUser,
  },
});
